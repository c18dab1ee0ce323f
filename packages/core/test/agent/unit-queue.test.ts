import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Allocation, Slots } from '../../src/agent/slots.ts';
import { UnitQueue } from '../../src/agent/unit-queue.ts';
import { type Resources, requestKey } from '../../src/model/resources.ts';

const CORES = 4;

class Service {
  runningCores = 0;
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

function template(part: Partial<Resources> = {}) {
  const request = { cores: 1, memory: 0, gpus: 0, resources: {}, ...part };
  return { request, requestKey: requestKey(request) };
}

const rows = (...units: number[]) => ({
  units: Uint32Array.from(units),
  attempts: Uint16Array.from(units, () => 1),
});

/** A queue with the node whose slots it waits for. */
class Node {
  readonly queue = new UnitQueue<Service, ReturnType<typeof template>>(4 * CORES);
  readonly slots = new Slots({ cores: [0, 1, 2, 3], gpus: [], memory: 100, resources: {} });
  readonly running = new Map<number, { service: Service; allocation: Allocation }>();

  /** Starts what fits, and names it. */
  start(): number[] {
    const started: number[] = [];
    for (;;) {
      const line = this.queue.next(this.slots);
      const stretch = line?.stretches[0];
      if (!line || !stretch) return started;
      const unit = stretch.units[stretch.cursor] as number;
      this.queue.shift(line);
      const allocation = this.slots.allocate(line.request) as Allocation;
      line.competitor.runningCores += line.request.cores;
      this.running.set(unit, { service: line.competitor, allocation });
      started.push(unit);
    }
  }

  end(unit: number): void {
    const { service, allocation } = this.running.get(unit) as {
      service: Service;
      allocation: Allocation;
    };
    this.running.delete(unit);
    service.runningCores -= allocation.cores.length;
    this.slots.release(allocation);
  }

  endAll(): void {
    for (const unit of this.running.keys()) this.end(unit);
  }
}

describe('UnitQueue', () => {
  let service: Service;
  beforeEach(() => {
    service = new Service('a');
  });

  it('starts units in order of arrival', () => {
    const node = new Node();
    node.queue.push(service, 0, template(), rows(1, 2));
    node.queue.push(service, 0, template(), rows(3, 4, 5));
    expect(node.start()).toEqual([1, 2, 3, 4]);
    expect(node.queue.size).toBe(1);
  });

  it('starts higher priorities first, whenever they came', () => {
    const node = new Node();
    node.queue.push(service, 0, template(), rows(1, 2));
    node.queue.push(service, -1, template(), rows(3));
    node.queue.push(service, 7, template(), rows(4, 5, 6));
    expect(node.start()).toEqual([4, 5, 6, 1]);
  });

  it('lets smaller units pass one that does not fit', () => {
    const node = new Node();
    node.queue.push(service, 0, template({ cores: 2 }), rows(1));
    node.queue.push(service, 0, template({ cores: 3 }), rows(2));
    node.queue.push(service, 0, template({ memory: 50 }), rows(3, 4, 5));
    expect(node.start()).toEqual([1, 3, 4]);
  });

  it('lets services take turns, however much one of them has waiting', () => {
    const node = new Node();
    const greedy = new Service('greedy');
    const modest = new Service('modest');
    node.queue.push(greedy, 0, template(), rows(1, 2, 3, 4, 5, 6, 7, 8));
    node.queue.push(modest, 0, template(), rows(11, 12, 13));
    expect(node.start()).toEqual([1, 11, 2, 12]);
    node.end(1);
    expect(node.start()).toEqual([3]);
    node.end(11);
    expect(node.start()).toEqual([13]);
  });

  it('keeps room for a wide unit that was overtaken by four times the node', () => {
    const node = new Node();
    const narrow = Array.from({ length: 100 }, (_, i) => 100 + i);
    node.queue.push(service, 0, template(), rows(1));
    node.start();
    node.queue.push(service, 0, template({ cores: 4 }), rows(2));
    node.queue.push(service, 0, template({ memory: 1 }), rows(...narrow));
    const overtaking = node.start();
    while (!node.running.has(2)) {
      const [first] = node.running.keys();
      node.end(first as number);
      overtaking.push(...node.start());
    }
    expect(overtaking.at(-1)).toBe(2);
    expect(overtaking).toHaveLength(16 + 1);
  });

  it('starts higher priorities while it keeps room for a wide unit', () => {
    const node = new Node();
    node.queue.push(service, 0, template(), rows(1));
    node.start();
    node.queue.push(service, 0, template({ cores: 4 }), rows(2));
    node.queue.push(
      service,
      0,
      template({ memory: 1 }),
      rows(...Array.from({ length: 40 }, (_, i) => 100 + i)),
    );
    for (let ended = 1; node.start().length > 0 || node.running.size > 1; ) {
      ended = [...node.running.keys()].find((unit) => unit !== 1) ?? ended;
      node.end(ended);
    }
    node.queue.push(service, 1, template({ memory: 2 }), rows(3));
    expect(node.start()).toEqual([3]);
  });

  /** Narrow units come and go, beside unit 1 which stays, until they are held back. */
  function overtake(node: Node, narrow: readonly number[]): number[] {
    const overtaking: number[] = [];
    for (const unit of narrow) {
      node.queue.push(service, 0, template({ memory: 1 }), rows(unit));
      if (node.slots.freeCores === 0) node.end([...node.running.keys()][1] as number);
      overtaking.push(...node.start());
    }
    return overtaking;
  }
  const from = (first: number, count: number): number[] =>
    Array.from({ length: count }, (_, i) => first + i);

  it('keeps room for a wide unit of higher priority, too', () => {
    const node = new Node();
    node.queue.push(service, 0, template(), rows(1));
    node.start();
    node.queue.push(service, 5, template({ cores: 4 }), rows(2));
    expect(overtake(node, from(100, 30))).toEqual(from(100, 4 * CORES));
  });

  it('counts anew for the next when an overtaken unit is taken out', () => {
    const node = new Node();
    node.queue.push(service, 0, template(), rows(1));
    node.start();
    node.queue.push(service, 0, template({ cores: 4 }), rows(2, 3));
    expect(overtake(node, from(100, 10))).toEqual(from(100, 10));
    node.queue.remove(service, new Map([[2, 1]]));
    expect(overtake(node, from(200, 30))).toEqual(from(200, 4 * CORES));
  });

  it('takes out what is asked for, with the attempt that is meant', () => {
    const node = new Node();
    const other = new Service('other');
    node.queue.push(service, 0, template(), rows(1, 2, 3), ['"one"', null, '"three"']);
    node.queue.push(service, 3, template({ cores: 2 }), rows(4));
    node.queue.push(other, 0, template(), rows(1));
    const asked = new Map([
      [1, 1],
      [2, 2],
      [4, 1],
      [9, 1],
    ]);
    expect(node.queue.remove(service, asked)).toEqual([
      [4, 1],
      [1, 1],
    ]);
    expect(node.queue.size).toBe(3);
    const stretch = node.queue.next(node.slots)?.stretches[0];
    expect(stretch).toMatchObject({ own: [null, '"three"'], cursor: 0 });
    expect(stretch?.units).toEqual(Uint32Array.of(2, 3));
  });

  it('does not touch the columns of the message', () => {
    const node = new Node();
    const message = rows(1, 2, 3);
    node.queue.push(service, 0, template(), message);
    node.queue.remove(service, new Map([[2, 1]]));
    expect(message.units).toEqual(Uint32Array.of(1, 2, 3));
  });

  it('starts a wide unit in time, whoever sends narrow ones without end', () => {
    const step = fc.record({
      mine: fc.boolean(),
      cores: fc.integer({ min: 1, max: 3 }),
      memory: fc.constantFrom(0, 1),
      ends: fc.nat(),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 10 }), (steps) => {
        const node = new Node();
        const [own, other] = [new Service('own'), new Service('other')];
        const arrive = (unit: number): void => {
          const { mine, cores, memory } = steps[unit % steps.length] as (typeof steps)[0];
          node.queue.push(mine ? own : other, 0, template({ cores, memory }), rows(unit));
        };
        for (let unit = 1; unit <= 8; unit++) arrive(unit);
        node.start();
        node.queue.push(own, 0, template({ cores: CORES }), rows(0));
        let overtaking = 0;
        for (let unit = 9; !node.running.has(0); unit++) {
          arrive(unit);
          arrive(unit + 100_000);
          const live = [...node.running.keys()];
          const { ends } = steps[unit % steps.length] as (typeof steps)[0];
          node.end(live[ends % live.length] as number);
          for (const each of node.start()) {
            if (each > 8) overtaking += steps[each % steps.length]?.cores ?? 0;
          }
          // The last one to overtake may take it over the mark.
          expect(overtaking).toBeLessThan(4 * CORES + 3);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('starts everything in the end, and leaves no empty node without work', () => {
    const wanted = fc.record({
      cores: fc.integer({ min: 1, max: CORES }),
      memory: fc.constantFrom(0, 30, 100),
      mine: fc.boolean(),
      priority: fc.constantFrom(0, 1),
    });
    fc.assert(
      fc.property(fc.array(wanted, { maxLength: 60 }), (units) => {
        const node = new Node();
        const [own, other] = [new Service('own'), new Service('other')];
        for (const [unit, { cores, memory, mine, priority }] of units.entries()) {
          node.queue.push(mine ? own : other, priority, template({ cores, memory }), rows(unit));
        }
        const started = new Set<number>();
        while (node.queue.size > 0) {
          node.endAll();
          const now = node.start();
          expect(now.length).toBeGreaterThan(0);
          for (const unit of now) started.add(unit);
        }
        expect(started.size).toBe(units.length);
      }),
    );
  });
});
