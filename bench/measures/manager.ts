/** What the manager alone takes: the decisions, without journal, network and agents. */
import { Intake, TemplateIndex } from '../../packages/core/src/manager/intake.ts';
import type {
  Submission,
  WorkEffect,
  WorkEvent,
} from '../../packages/core/src/manager/work-events.ts';
import { WorkManager } from '../../packages/core/src/manager/work-manager.ts';
import type { WorkUnitDescription } from '../../packages/core/src/model/work-unit-description.ts';
import type { StartRun } from '../../packages/core/src/protocol/messages.ts';
import { schedulerOf } from '../../packages/core/src/scheduler/schedulers.ts';
import type { Sample } from '../harness.ts';
import type { Context } from './world.ts';

const MB = 1e6;
const SERVICE = 'work';
const NODE = {
  host: 'node1',
  cores: 8,
  memory: 2 ** 34,
  gpus: 0,
  resources: {},
  cpuArchitecture: 'x64',
  operatingSystemType: 'linux',
  nodeVersion: '',
  pstarVersion: '',
  launcher: 'null',
} as const;

/** Units that are all alike: each step in µs a unit, and the memory of the process at its largest. */
export async function managerAlike({ sizes }: Context): Promise<Sample> {
  return through(sizes.pending, function* () {
    for (let i = 0; i < sizes.pending; i++) yield { executable: '/bin/true' };
  });
}

/** Units that each wait for two others, named within the submit. */
export async function managerGraph({ sizes }: Context): Promise<Sample> {
  return through(sizes.pending, function* () {
    for (let i = 0; i < sizes.pending; i++) {
      const description = { executable: '/bin/true', name: `u${i}` };
      yield i < 2
        ? description
        : { ...description, dependsOn: [`u${i >>> 1}`, `u${Math.floor(i / 3)}`] };
    }
  });
}

function through(count: number, descriptions: () => Iterable<WorkUnitDescription>): Sample {
  const lap = stopwatch(count);
  const journal: WorkEvent[] = [];
  const manager = new WorkManager(schedulerOf('backfill'));
  const submission = take(manager, descriptions());
  const intake = lap();
  journal.push(...manager.handle({ type: 'submit', now: 0, submission }).events);
  const accept = lap();
  const pendingMB = process.memoryUsage.rss() / MB;
  lap();
  serve(manager, journal);
  const run = lap();
  const doneMB = process.memoryUsage.rss() / MB;
  const collect = globalThis.gc;
  collect?.();
  const heldMB = process.memoryUsage.rss() / MB;
  lap();
  const twin = new WorkManager(schedulerOf('backfill'));
  for (const event of journal) twin.replay(event);
  const replay = lap();
  manager.dump();
  const dump = lap();
  return { intake, accept, run, replay, dump, pendingMB, doneMB, heldMB };
}

function take(manager: WorkManager, descriptions: Iterable<WorkUnitDescription>): Submission {
  const intake = new Intake(new TemplateIndex(manager.state), manager.state, SERVICE);
  for (const description of descriptions) intake.add(description);
  return intake.finish();
}

/** One agent that ends everything as soon as it gets it. */
function serve(manager: WorkManager, journal: WorkEvent[]): void {
  let now = 1;
  const place = { agentId: 'a', pilotId: 'p', node: NODE };
  const step = manager.handle({
    type: 'agent-joined',
    now,
    place,
    endsAt: undefined,
    held: undefined,
  });
  journal.push(...step.events);
  for (let runs = runsOf(step.effects); runs.length > 0; ) {
    const next: WorkEffect[] = [];
    for (const run of runs) {
      const report = { type: 'report', now: ++now, agentId: 'a', seq: now } as const;
      const { events, effects } = manager.handle({ ...report, ended: ended(run, now) });
      journal.push(...events);
      next.push(...effects);
    }
    runs = runsOf(next);
  }
}

function runsOf(effects: readonly WorkEffect[]): StartRun[] {
  return effects.flatMap((effect) => (effect.type === 'start' ? effect.runs : []));
}

function ended({ units, attempts }: StartRun, at: number) {
  const { length } = units;
  return {
    units,
    attempts,
    exitCodes: new Int16Array(length),
    signals: new Uint8Array(length),
    reasons: new Uint8Array(length),
    terminated: new Uint8Array(length),
    startedAt: new Float64Array(length).fill(at),
    finishedAt: new Float64Array(length).fill(at + 1),
    userTime: new Float32Array(length),
    systemTime: new Float32Array(length),
    maxRss: new Uint32Array(length),
  };
}

/** Each call gives the time since the one before, in µs a unit. */
function stopwatch(count: number): () => number {
  let last = performance.now();
  return () => {
    const start = last;
    last = performance.now();
    return ((last - start) * 1000) / count;
  };
}
