/** What the manager alone takes: the decisions, without journal, network and agents. */
import { Intake } from '../../packages/core/src/manager/intake.ts';
import { STATE } from '../../packages/core/src/manager/state-numbers.ts';
import { TemplateIndex } from '../../packages/core/src/manager/template-index.ts';
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
import { alike, apart, graph } from '../workloads.ts';
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

/** Units that are all alike: what each step costs a unit, in µs of processor time. */
export async function managerAlike({ sizes }: Context): Promise<Sample> {
  return steps(sizes.pending, alike(sizes.pending));
}

/** The same of units that each wait for two others, named within the submit. */
export async function managerGraph({ sizes }: Context): Promise<Sample> {
  return steps(sizes.graph, graph(sizes.graph));
}

/** The same of units of which no two ask for the same: a round looks at all that wait. */
export async function managerApart({ sizes }: Context): Promise<Sample> {
  return steps(sizes.apart, apart(sizes.apart));
}

/** The process's memory with units that are all alike, once they wait and once they have ended. */
export async function managerMemory({ sizes }: Context): Promise<Sample> {
  const manager = new WorkManager(schedulerOf('backfill'));
  const submission = take(manager, alike(sizes.pending));
  manager.handle({ type: 'submit', now: 0, submission });
  const pending = process.memoryUsage.rss() / MB;
  await serve(manager, () => {});
  const done = process.memoryUsage.rss() / MB;
  return { pending, done, peak: (process.resourceUsage().maxRSS * 1024) / MB };
}

async function steps(count: number, descriptions: Iterable<WorkUnitDescription>): Promise<Sample> {
  const lap = stopwatch(count);
  const journal: WorkEvent[] = [];
  const record = (events: readonly WorkEvent[]): void => void journal.push(...events);
  const manager = new WorkManager(schedulerOf('backfill'));
  const submission = take(manager, descriptions);
  const intake = lap();
  record(manager.handle({ type: 'submit', now: 0, submission }).events);
  const accept = lap();
  await serve(manager, record);
  const run = lap();
  const twin = new WorkManager(schedulerOf('backfill'));
  for (const event of journal) twin.replay(event);
  const replay = lap();
  manager.dump();
  return { intake, accept, run, replay, dump: lap() };
}

/** Descriptions as the manager takes them in. */
export function take(
  manager: WorkManager,
  descriptions: Iterable<WorkUnitDescription>,
): Submission {
  const intake = new Intake(new TemplateIndex(manager.state), manager.state, SERVICE);
  for (const description of descriptions) intake.add(description);
  return intake.finish();
}

/** One agent that ends everything as soon as it gets it; goes on when what has happened is recorded. */
export async function serve(
  manager: WorkManager,
  record: (events: readonly WorkEvent[]) => void | Promise<void>,
): Promise<void> {
  let now = 1;
  const place = { agentId: 'a', pilotId: 'p', node: NODE };
  const joined = { type: 'agent-joined', now, place, endsAt: undefined, held: undefined } as const;
  const step = manager.handle(joined);
  await record(step.events);
  for (let runs = runsOf(step.effects); runs.length > 0; ) {
    const next: WorkEffect[] = [];
    for (const run of runs) {
      const report = { type: 'report', now: ++now, agentId: 'a', seq: now } as const;
      const { events, effects } = manager.handle({ ...report, ended: ended(run, now) });
      await record(events);
      next.push(...effects);
    }
    runs = runsOf(next);
  }
  const { size, counts } = manager.state.units;
  if (counts[STATE.Done] !== size) throw new Error(`${counts} of ${size} units`);
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

/** Each call gives the processor time since the one before, in µs a unit, the collector's included. */
function stopwatch(count: number): () => number {
  let last = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(last);
    last = process.cpuUsage();
    return (user + system) / count;
  };
}
