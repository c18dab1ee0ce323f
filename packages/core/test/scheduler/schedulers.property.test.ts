/** What every scheduler owes its users, on random clusters and random work. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BindingRound } from '../../src/manager/binding-round.ts';
import { standingOf } from '../../src/manager/standing.ts';
import type { WorkUnitDescription } from '../../src/model/work-unit-description.ts';
import { BackfillScheduler } from '../../src/scheduler/backfill.ts';
import type { Round, Scheduler } from '../../src/scheduler/scheduler.ts';
import { type SchedulerName, schedulerOf } from '../../src/scheduler/schedulers.ts';
import { endedRows } from '../support/rows.ts';
import { WorkWorld } from '../support/work-world.ts';

const node = fc.record({
  cores: fc.integer({ min: 1, max: 8 }),
  memory: fc.integer({ min: 1, max: 8 }),
  gpus: fc.nat({ max: 2 }),
  host: fc.constantFrom('node1', 'node2'),
  resources: fc.record({ licenses: fc.constantFrom(0, 0.5, 3) }),
});

const shape = fc.record(
  {
    totalCpuCount: fc.integer({ min: 1, max: 10 }),
    totalPhysicalMemory: fc.nat({ max: 4 }),
    gpus: fc.nat({ max: 2 }),
    priority: fc.integer({ min: -1, max: 1 }),
    candidateHosts: fc.constantFrom(['node1'], ['node2', 'node3']),
    resources: fc.record({ licenses: fc.constantFrom(0.1, 1) }),
    estimatedRunTime: fc.constantFrom(1, 3600),
  },
  { requiredKeys: [] },
) satisfies fc.Arbitrary<Partial<WorkUnitDescription>>;

const work = fc.array(fc.tuple(shape, fc.integer({ min: 1, max: 6 })), {
  minLength: 1,
  maxLength: 6,
});
/** Where cores are all that counts. */
const plainWork = fc.array(
  fc.tuple(
    fc.record({ totalCpuCount: fc.integer({ min: 1, max: 4 }) }),
    fc.integer({ min: 1, max: 8 }),
  ),
  { minLength: 1, maxLength: 5 },
);
const plainCluster = fc.array(fc.record({ cores: fc.integer({ min: 1, max: 8 }) }), {
  minLength: 1,
  maxLength: 3,
});
const cluster = fc.array(node, { minLength: 1, maxLength: 4 });
const scheduler = fc.constantFrom<SchedulerName>('backfill', 'round-robin', 'fifo');

/** Lets a scheduler decide and hands the round on, to look at it afterwards. */
function watched(inner: Scheduler, after: (round: BindingRound) => void): Scheduler {
  return {
    name: inner.name,
    schedule: (round: Round) => {
      inner.schedule(round);
      after(round as BindingRound);
    },
  };
}

/** A world in which all nodes are there at once, and the round that then binds. */
function decide(
  name: SchedulerName,
  nodes: readonly Parameters<WorkWorld['join']>[1][],
  units: readonly (readonly [Partial<WorkUnitDescription>, number])[],
): { world: WorkWorld; round: BindingRound } {
  const rounds: BindingRound[] = [];
  const world = new WorkWorld(
    watched(schedulerOf(name), (round) => rounds.push(round)),
    100,
  );
  for (const [i, one] of nodes.entries()) world.join(`p${i}`, one);
  world.submit(...units.flatMap(([description, count]) => Array(count).fill(description)));
  return { world, round: rounds.at(-1) as BindingRound };
}

/** The cores that are free at a place once its agent has started what fits, oldest first. */
function freeCores(world: WorkWorld, place: number): number {
  const { state } = world;
  const agent = state.places.at(place);
  let free = agent.capacity.cores;
  for (const unit of state.boundTo(agent)) {
    const { cores } = state.template(unit).requests.request;
    if (cores <= free) free -= cores;
  }
  return free;
}

describe('every scheduler', () => {
  it('binds nothing to where it could never run', () => {
    fc.assert(
      fc.property(scheduler, cluster, work, (name, nodes, units) => {
        const { world } = decide(name, nodes, units);
        for (const place of world.state.places.all) {
          for (const unit of world.state.boundTo(place)) {
            const { request, spec } = world.state.template(unit).requests;
            const { capacity, record } = place;
            expect(request.cores).toBeLessThanOrEqual(capacity.cores);
            expect(request.memory).toBeLessThanOrEqual(capacity.memory);
            expect(request.gpus).toBeLessThanOrEqual(capacity.gpus);
            expect(request.resources['licenses'] ?? 0).toBeLessThanOrEqual(
              capacity.resources['licenses'] ?? 0,
            );
            const { candidateHosts } = spec.constraints;
            if (candidateHosts) expect(candidateHosts).toContain(record.node.host);
          }
        }
      }),
    );
  });

  it('holds no more ahead than it may', () => {
    const node = { memory: 1, gpus: 0, host: 'node1', resources: { licenses: 0 } } as const;
    const nodes = [8, 1].map((cores) => ({ ...node, cores }));
    const units: [{ totalCpuCount?: number; priority?: number }, number][] = [
      [{}, 1],
      [{ totalCpuCount: 6, priority: 1 }, 4],
    ];
    fc.assert(
      fc.property(scheduler, cluster, work, (name, nodes, units) => {
        const { world, round } = decide(name, nodes, units);
        for (const { place, units: bound } of round.bindings.values()) {
          const waiting = new Set(standingOf(world.state, place).waiting);
          let cores = 0;
          for (const unit of bound) {
            cores += world.state.template(unit).requests.request.cores;
            // Nothing is known of run times, or they are estimated at a second or more. A unit that
            // fits beside what runs starts at once: it is not held ahead, though others already are.
            if (waiting.has(unit)) expect(cores).toBeLessThanOrEqual(3 * place.capacity.cores);
          }
          expect(place.bookedCores).toBe(cores);
        }
      }),
      { examples: [['fifo', nodes, units]] },
    );
  });

  it('holds nothing ahead at one place that could start at once at another', () => {
    fc.assert(
      fc.property(
        scheduler,
        plainCluster,
        fc.integer({ min: 1, max: 60 }),
        (name, nodes, count) => {
          const { world } = decide(name, nodes, [[{}, count]]);
          const free = world.state.places.all.map(({ id }) => freeCores(world, id));
          const isAhead = world.state.places.all.some((place) => place.overbooked);
          if (isAhead) expect(Math.max(...free)).toBe(0);
        },
      ),
    );
  });
});

describe.each<SchedulerName>(['backfill', 'round-robin'])('%s', (name) => {
  it('leaves nothing waiting that a free slot could start', () => {
    fc.assert(
      fc.property(plainCluster, plainWork, (nodes, units) => {
        const { world, round } = decide(name, nodes, units);
        for (const requests of round.classes.filter(({ pending }) => pending > 0)) {
          const { cores } = requests.request;
          for (const place of world.state.places.all) {
            if (!round.possible(requests, place)) continue;
            expect(freeCores(world, place.id), `for ${cores} cores`).toBeLessThan(cores);
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('fifo', () => {
  /** Whether something waits that came before the unit, has no lower priority, and could run. */
  function isOvertaking({ state, now }: WorkWorld, unit: number): boolean {
    const { priority } = state.template(unit).requests;
    return state.templates.classes.some(
      (queue) =>
        queue.pending > 0 &&
        (queue.priority > priority || (queue.priority === priority && queue.oldest < unit)) &&
        state.places.all.some((place) => place.takes(queue, now)),
    );
  }

  it('binds nothing before what was submitted earlier at the same or a higher priority', () => {
    const ends = fc.array(fc.nat({ max: 1000 }), { maxLength: 30 });
    fc.assert(
      fc.property(
        fc.oneof(cluster, plainCluster),
        fc.oneof(work, plainWork),
        ends,
        (nodes, units, choices) => {
          const { world } = decide('fifo', nodes, units);
          const { state } = world;
          const bound = (): number[] =>
            state.places.all.flatMap((place) => [...state.boundTo(place)]);
          expect(bound().filter((unit) => isOvertaking(world, unit))).toEqual([]);
          for (const choice of choices) {
            const before = bound();
            const unit = before[choice % Math.max(1, before.length)];
            if (unit === undefined) return;
            const place = state.places.all.find((one) => state.isBound(unit, one));
            const agentId = place?.record.agentId as string;
            world.now += 1000;
            world.report(agentId, { ended: endedRows([{ unit, attempt: 1 }], world.now) });
            const fresh = bound().filter((one) => !before.includes(one));
            expect(fresh.filter((one) => isOvertaking(world, one))).toEqual([]);
          }
        },
      ),
    );
  });
});

describe('backfill', () => {
  it('lets a wide unit start after bounded overtaking', () => {
    const patience = 4;
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 2, max: 6 }), { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 1, max: 2 }),
        (pilots, narrow) => {
          const widest = Math.max(...pilots);
          fc.pre(narrow < widest);
          const total = pilots.reduce((sum, cores) => sum + cores, 0);
          const world = new WorkWorld(new BackfillScheduler(patience), 1000);
          const long = { estimatedRunTime: 3600, totalCpuCount: narrow };
          for (const [i, cores] of pilots.entries()) world.join(`p${i}`, { cores });
          // What starts where the wide unit can never run takes nothing from it.
          const wanted = world.state.places.all.filter(({ capacity }) => capacity.cores === widest);
          const heldThere = (): number[] =>
            wanted.flatMap((place) => [...world.state.boundTo(place)]);
          world.submit(...Array(2 * total).fill(long));
          const wide = world.state.units.size;
          world.submit({ ...long, totalCpuCount: widest });
          // The longest-running ends next, and there is always more of the narrow kind.
          let overtaking = 0;
          while (world.stateOf(wide) === 'Pending') {
            world.submit(long);
            const running = world.state.places.all.flatMap((place) => [
              ...world.state.boundTo(place),
            ]);
            const unit = Math.min(...running);
            const place = world.state.places.all.find((one) => world.state.isBound(unit, one));
            world.now += 1000;
            const before = new Set(heldThere());
            const agentId = place?.record.agentId as string;
            world.report(agentId, {
              ended: endedRows([{ unit, attempt: 1, startedAt: world.now - 3_600_000 }], world.now),
            });
            const fresh = heldThere().filter((one) => one !== wide && !before.has(one));
            overtaking += fresh.length * narrow;
            expect(overtaking).toBeLessThanOrEqual((patience + wanted.length) * widest);
          }
          expect(world.stateOf(wide)).toBe('Scheduled');
        },
      ),
      { numRuns: 30 },
    );
  });
});
