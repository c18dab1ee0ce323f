import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MapUnits } from '../../src/agent/map-units.ts';
import { newService, type Run } from '../../src/agent/service-work.ts';
import type { AgentCallMessage } from '../../src/protocol/call-messages.ts';
import type { Batch } from '../../src/workers/call-run.ts';
import { ManualClock } from './manual-clock.ts';

const UNIT = { unit: 1, attempt: 1 };
const KEY = 1;
const PART = 4;
const SIZE = 10;

/** A map unit, its worker, and a manager that has items to be done, each a batch of its own at every try. */
class World {
  readonly #service = newService('work');
  readonly #run = { key: KEY, service: this.#service, ...UNIT } as Run;
  readonly #units: MapUnits;
  #links = 0;
  /** What the agent has said and the manager has not heard. */
  #wire: AgentCallMessage[] = [];
  readonly #todo: number[];
  /** By batch: the item. */
  readonly #out = new Map<number, number>();
  #sending: { batch: number; at: number } | undefined;
  #batches = 0;
  #acks: number[] = [];
  #isReady = false;
  #hasYielded = false;
  /** What the worker has, and of the first of them how much it has done. */
  readonly #queue: Batch[] = [];
  #progress = 0;
  readonly computed: number[] = [];
  readonly safe: number[] = [];
  finished = 0;

  constructor(items: number, isToYield = false) {
    this.#todo = Array.from({ length: items }, (_, i) => i);
    this.#units = new MapUnits({
      clock: new ManualClock(),
      link: { buffered: 0, send: (message) => void this.#wire.push(message) },
      workers: {
        call: (_, batch) => void this.#queue.push(batch),
        drop: (_, batches) => this.#drop(batches),
        fold: () => {},
        finish: () => {
          expect(this.#queue).toEqual([]);
          this.finished++;
        },
      },
      idle: () => {},
      ended: () => {},
    });
    this.#units.add(this.#run, false);
    if (isToYield) this.yield();
    this.find();
    this.#units.ready(KEY);
  }

  get isDone(): boolean {
    return this.#todo.length + this.#out.size === 0;
  }

  get #isLinked(): boolean {
    return this.#service.channel !== undefined;
  }

  #drop(batches: readonly number[]): number[] {
    const isBegun = (batch: Batch): boolean => batch === this.#queue[0] && this.#progress > 0;
    const dropped = this.#queue.filter((one) => batches.includes(one.batch) && !isBegun(one));
    for (const one of dropped) this.#queue.splice(this.#queue.indexOf(one), 1);
    return dropped.map(({ batch }) => batch);
  }

  /** The next part of a batch, or a new one. */
  send(): void {
    if (!this.#isReady || this.#hasYielded) return;
    if (this.#sending === undefined) {
      const item = this.#todo.shift();
      if (item === undefined) return;
      this.#sending = { batch: ++this.#batches, at: 0 };
      this.#out.set(this.#batches, item);
    }
    const { batch, at } = this.#sending;
    const data = new Uint8Array(Math.min(PART, SIZE - at)).fill(this.#out.get(batch) ?? 0);
    this.#sending = at + data.length < SIZE ? { batch, at: at + data.length } : undefined;
    const what = { kind: 'calls', first: this.#out.get(batch) ?? 0, count: 1, round: 1 } as const;
    this.#tell({ type: 'calls', batch, ...what, at, size: SIZE, data });
  }

  #tell(message: object): void {
    this.#units.receive(this.#links, { ...UNIT, ...message } as never);
  }

  /** The worker does half of a batch, and then the other. */
  work(): void {
    const [batch] = this.#queue;
    if (batch === undefined) return;
    this.#progress++;
    const isLast = this.#progress === 2;
    if (isLast) {
      this.#queue.shift();
      this.#progress = 0;
      expect([...batch.data]).toEqual(new Array(SIZE).fill(batch.first));
      this.computed.push(batch.first);
    }
    const { first } = batch;
    const result = { batch: batch.batch, first, ms: 1, isLast, problems: [], data: batch.data };
    this.#units.done(KEY, { ...result, count: isLast ? 1 : 0 });
  }

  /** The manager hears what is on its way. */
  hear(): void {
    for (const message of this.#wire.splice(0)) {
      if (message.type === 'calls-ready') {
        this.#isReady = true;
        for (const batch of this.#out.keys()) {
          if (!message.held.includes(batch)) this.#free(batch);
        }
      } else if (message.type === 'calls-dropped') {
        for (const batch of message.batches) this.#free(batch);
      } else if (message.type === 'calls-yield') this.#hasYielded = true;
      else if (message.type === 'results' && message.isLast) {
        const item = this.#out.get(message.batch);
        this.#acks.push(message.batch);
        // Else it was repeated before the acknowledgement had come.
        if (item !== undefined) this.safe.push(item);
        this.#out.delete(message.batch);
      }
    }
  }

  #free(batch: number): void {
    const item = this.#out.get(batch);
    if (item === undefined) return;
    this.#out.delete(batch);
    this.#todo.push(item);
    if (this.#sending?.batch === batch) this.#sending = undefined;
  }

  ack(): void {
    if (this.#isReady) this.#tell({ type: 'calls-ack', batches: this.#acks.splice(0) });
  }

  lose(): void {
    this.#service.channel = undefined;
    this.#wire = [];
    this.#acks = [];
    this.#isReady = false;
    this.#sending = undefined;
    this.#units.disconnected();
  }

  find(): void {
    if (this.#isLinked) return;
    this.#service.channel = ++this.#links;
    this.#units.attached(this.#links);
  }

  askBack(): void {
    if (this.#isReady) this.#tell({ type: 'calls-drop', batches: [...this.#out.keys()] });
  }

  /** Until it is answered nothing is sent: what is said before is old. */
  resume(): void {
    if (!this.#isReady || this.#sending) return;
    this.#isReady = false;
    this.#tell({ type: 'calls-resume' });
  }

  yield(): void {
    this.#units.yield(KEY);
  }

  /** All that can go well does. */
  settle(): void {
    this.find();
    for (let step = 0; step < 100; step++) {
      for (const what of ['hear', 'send', 'work', 'hear', 'ack'] as const) this[what]();
    }
    if (!this.#hasYielded) this.#tell({ type: 'calls-over' });
  }
}

describe('whatever happens', () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom('send' as const, 'work' as const) },
    { weight: 3, arbitrary: fc.constantFrom('hear' as const, 'ack' as const) },
    { weight: 1, arbitrary: fc.constantFrom('lose' as const, 'find' as const) },
    { weight: 1, arbitrary: fc.constantFrom('askBack' as const, 'resume' as const) },
  );

  it('everything is done once, and heard once, and the unit ends after that', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const world = new World(8);
        for (const what of steps) world[what]();
        world.settle();
        expect(world.isDone).toBe(true);
        expect(world.safe.sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
        expect(world.computed.sort()).toEqual(world.safe);
        expect(world.finished).toBe(1);
      }),
    );
  });

  it('a unit that gives way has done once what is heard of it, and has given back the rest', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 80 }),
        fc.nat(80),
        fc.boolean(),
        (steps, at, isEarly) => {
          const world = new World(8, isEarly);
          steps.forEach((what, i) => {
            if (i === at) world.yield();
            world[what]();
          });
          world.yield();
          world.settle();
          expect(world.computed.sort()).toEqual(world.safe.sort());
          expect(world.finished).toBe(1);
        },
      ),
    );
  });
});
