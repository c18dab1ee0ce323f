/**
 * The manager under whatever may happen, in any order: what it promises holds after every step, and
 * once everybody serves honestly everything ends.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Dependency } from '../../src/model/dependency.ts';
import type { WorkUnitDescription } from '../../src/model/work-unit-description.ts';
import { isFinalWorkUnitState, type WorkUnitState } from '../../src/model/work-unit-state.ts';
import type { SchedulerName } from '../../src/scheduler/schedulers.ts';
import type { ModelAgent, Outcome } from '../support/model-agent.ts';
import { ModelCluster } from '../support/model-cluster.ts';

const OUTCOMES: readonly Outcome[] = [
  { exitCode: 0 },
  { exitCode: 0 },
  { exitCode: 1 },
  { signal: 9 },
  { reason: 'EXECUTABLE_NOT_FOUND' },
  { reason: 'TIME_LIMIT', signal: 15 },
];

const SHAPES: readonly Partial<WorkUnitDescription>[] = [
  {},
  { totalCpuCount: 2 },
  { totalCpuCount: 4, priority: 1 },
  { priority: -1, retries: 2 },
  { retries: { limit: 3, delay: 5, backoff: 'exponential' } },
  { restartOnPilotLoss: false },
  { group: 'g' },
  { group: 'h', totalCpuCount: 3 },
  { startTime: 20 },
  { estimatedRunTime: 30, pilotJob: 'p0' },
];

const nat = fc.nat({ max: 1000 });
const condition = fc.constantFrom('done', 'finished');

/** What may happen; numbers choose among what there is then. */
const COMMANDS = {
  submit: [
    5,
    fc.tuple(nat, fc.integer({ min: 1, max: 4 }), fc.array(nat, { maxLength: 3 }), condition),
  ],
  join: [1, fc.tuple(fc.integer({ min: 1, max: 4 }), fc.option(nat))],
  perform: [6, fc.tuple(fc.integer({ min: 1, max: 6 }))],
  start: [4, fc.tuple(nat)],
  end: [5, fc.tuple(nat, nat, nat)],
  report: [5, fc.tuple(nat)],
  silence: [1, fc.tuple(nat)],
  rejoin: [2, fc.tuple(nat)],
  lose: [1, fc.tuple(nat)],
  evict: [1, fc.tuple(nat)],
  cancel: [2, fc.tuple(fc.array(nat, { minLength: 1, maxLength: 3 }))],
  time: [2, fc.tuple(fc.integer({ min: 1, max: 12 }))],
  repeat: [1, fc.tuple(nat)],
} as const;

type Commands = {
  [K in keyof typeof COMMANDS]: (typeof COMMANDS)[K][1] extends fc.Arbitrary<infer T> ? T : never;
};
type Command = { [K in keyof Commands]: readonly [K, Commands[K]] }[keyof Commands];

const command = fc.oneof(
  ...Object.entries(COMMANDS).map(([name, [weight, parameters]]) => ({
    weight,
    arbitrary: fc.tuple(fc.constant(name), parameters as fc.Arbitrary<unknown>),
  })),
) as fc.Arbitrary<Command>;

const ACTIONS: {
  [K in keyof Commands]: (cluster: ModelCluster, ...parameters: Commands[K]) => void;
} = {
  submit: (cluster, shape, count, waits, on) => {
    const { size } = cluster.world.state.units;
    const dependsOn = waits.flatMap((choice): Dependency[] => {
      if (choice % 7 === 0) return [{ group: choice % 2 === 0 ? 'g' : 'h', on }];
      return size > 0 ? [{ unit: `work.${choice % size}`, on }] : [];
    });
    const description = { ...SHAPES[shape % SHAPES.length], dependsOn };
    cluster.submit(Array.from({ length: count }, () => description));
  },
  join: (cluster, cores, lasts) => {
    // The first is the one that units name: it lasts.
    const isFirst = cluster.agents.length === 0;
    cluster.join(cores, lasts === null || isFirst ? undefined : lasts * 100);
  },
  perform: (cluster, count) => cluster.perform(count),
  start: withAgent((cluster, agent) => cluster.start(agent)),
  end: withAgent((cluster, agent, which, how) => {
    const unit = [...agent.running.keys()][which % Math.max(1, agent.running.size)];
    if (unit !== undefined) cluster.end(agent, unit, OUTCOMES[how % OUTCOMES.length] as Outcome);
  }),
  report: withAgent((cluster, agent) => cluster.report(agent)),
  silence: withAgent((cluster, agent) => cluster.silence(agent)),
  rejoin: withAgent((cluster, agent) => cluster.rejoin(agent)),
  lose: withAgent((cluster, agent) => cluster.lose(agent)),
  evict: withAgent((cluster, agent) => cluster.evict(agent)),
  cancel: (cluster, choices) => {
    const { size } = cluster.world.state.units;
    const units = size === 0 ? [] : choices.map((choice) => choice % size);
    cluster.handle({ type: 'cancel', now: cluster.world.now, units, why: 'test' });
  },
  time: (cluster, seconds) => {
    cluster.world.now += seconds * 1000;
    cluster.handle({ type: 'time', now: cluster.world.now });
  },
  repeat: (cluster, which) => {
    const report = cluster.heard[which % Math.max(1, cluster.heard.length)];
    if (report) cluster.handle({ ...report, now: cluster.world.now });
  },
};

function withAgent<P extends unknown[]>(
  act: (cluster: ModelCluster, agent: ModelAgent, ...parameters: P) => unknown,
) {
  return (cluster: ModelCluster, which: number, ...parameters: P): void => {
    const agent = cluster.agents[which % Math.max(1, cluster.agents.length)];
    if (agent) act(cluster, agent, ...parameters);
  };
}

function run(cluster: ModelCluster, commands: readonly Command[]): void {
  for (const name of ['g', 'h']) cluster.handle({ type: 'group', now: 0, name });
  for (const [name, parameters] of commands) {
    (ACTIONS[name] as (cluster: ModelCluster, ...parameters: unknown[]) => void)(
      cluster,
      ...parameters,
    );
  }
}

/** Units that may run on a pilot only that is gone. */
function stranded({ world, agents }: ModelCluster): number[] {
  const gone = (pilot: string | undefined) =>
    pilot !== undefined && !agents.some(({ id }) => id === pilot);
  return Array.from(world.state.units.size > 0 ? Array(world.state.units.size).keys() : []).filter(
    (unit) => gone(world.state.template(unit).requests.spec.constraints.pilotJob),
  );
}

const scheduler = fc.constantFrom<SchedulerName>('backfill', 'round-robin', 'fifo');

it('keeps its promises whatever happens, and everything ends', () => {
  fc.assert(
    fc.property(scheduler, fc.array(command, { maxLength: 100, size: 'max' }), (name, commands) => {
      const cluster = new ModelCluster(name);
      run(cluster, commands);
      cluster.join(4);
      cluster.serve();
      // What names a pilot that is gone waits for ever.
      cluster.handle({
        type: 'cancel',
        now: cluster.world.now,
        units: stranded(cluster),
        why: 'its pilot is gone',
      });
      cluster.serve();
      for (let unit = 0; unit < cluster.world.state.units.size; unit++) {
        const state = cluster.world.stateOf(unit) as WorkUnitState;
        expect(isFinalWorkUnitState(state), `unit ${unit} is ${state} at the end`).toBe(true);
      }
    }),
    // A long night takes PSTAR_RUNS.
    { numRuns: Number(process.env['PSTAR_RUNS'] ?? 80) },
  );
});
