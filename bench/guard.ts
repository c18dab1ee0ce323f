/**
 * What a unit costs in things that can be counted and that no other load on the machine changes: bytes
 * of objects that are made for it, bytes that are sent and written, messages, commits. Run by
 * test/bench/guard.test.ts, which holds them to limits; `node --import tsx bench/guard.ts` prints them.
 *
 * The process must have a young generation large enough that nothing is collected meanwhile:
 * {@link GUARD_FLAGS}.
 */
import { fileURLToPath } from 'node:url';
import { GCProfiler } from 'node:v8';
import { AgentMachine } from '../packages/core/src/agent/agent-machine.ts';
import { PreparedUnit } from '../packages/core/src/agent/unit-preparation.ts';
import { encode } from '../packages/core/src/journal/codec.ts';
import type { WorkEvent } from '../packages/core/src/manager/work-events.ts';
import { WorkManager } from '../packages/core/src/manager/work-manager.ts';
import type { WorkUnitDescription } from '../packages/core/src/model/work-unit-description.ts';
import type { ManagerMessage, Report, StartRun } from '../packages/core/src/protocol/messages.ts';
import { schedulerOf } from '../packages/core/src/scheduler/schedulers.ts';
import { VisibleUnits } from '../packages/core/src/service/units/visible-units.ts';
import { FrameEncoder } from '../packages/core/src/transport/frame-codec.ts';
import { serve, take } from './measures/manager.ts';
import { alike, apart, graph } from './workloads.ts';

/**
 * For the process that counts; sizes in MiB. With one thread the compiler optimizes the same things at
 * the same time in each run, and counts differ by three in a hundred and not by a quarter.
 */
export const GUARD_FLAGS = [
  '--expose-gc',
  '--single-threaded',
  '--min-semi-space-size=512',
  '--max-semi-space-size=512',
] as const;

const WARM_UP = 60_000;
const UNITS = 20_000;
/** Each of a class of its own: what a round costs grows with the classes that wait. */
const APART = 500;
/** As many as a busy manager binds to a null agent at once. */
const BOUND = 4_096;
const SLOTS = 8;

/** Counted per unit. */
export type Counts = Readonly<Record<string, number>>;

/** Counts everything. */
export async function count(): Promise<Counts> {
  return {
    'manager, alike: bytes made': await made((units) => manage(alike(units))),
    'manager, graph of two edges a unit: bytes made': await made((units) => manage(graph(units))),
    'manager, each with a request of its own: bytes made': await made(
      (units) => manage(apart(units)),
      APART,
    ),
    'manager, alike: bytes journalled': await journalled(alike(UNITS)),
    'manager, graph of two edges a unit: bytes journalled': await journalled(graph(UNITS)),
    'agent: bytes made': await made(async (units) => void agentServes(units)),
    ...sent(agentServes(UNITS)),
    'moves shown: bytes made': await made(async (units) => show(units)),
  };
}

/** Bytes of memory that a unit takes for a while, or for ever. */
async function made(work: (units: number) => Promise<void>, units = UNITS): Promise<number> {
  // Buffers add up to a limit of their own, at which it is collected: from here they are too few. Not
  // after the warm-up, of which it would take a part back.
  globalThis.gc?.();
  await work(units === UNITS ? WARM_UP : units);
  const profiler = new GCProfiler();
  profiler.start();
  const before = inUse();
  await work(units);
  const bytes = inUse() - before;
  const collections = profiler.stop().statistics.length;
  if (collections > 0) throw new Error(`${collections} collections came in between`);
  return bytes / units;
}

function inUse(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

async function manage(descriptions: Iterable<WorkUnitDescription>): Promise<void> {
  const manager = new WorkManager(schedulerOf('backfill'));
  manager.handle({ type: 'submit', now: 0, submission: take(manager, descriptions) });
  await serve(manager, () => {});
}

async function journalled(descriptions: Iterable<WorkUnitDescription>): Promise<number> {
  let bytes = 0;
  const record = (events: readonly WorkEvent[]): void => {
    if (events.length > 0) bytes += encode(events).length;
  };
  const manager = new WorkManager(schedulerOf('backfill'));
  const submission = take(manager, descriptions);
  record(manager.handle({ type: 'submit', now: 0, submission }).events);
  await serve(manager, record);
  return bytes / UNITS;
}

/** An agent's mind with all of its messages, its units over as soon as they are prepared. */
function agentServes(units: number): { starts: ManagerMessage[]; reports: Report[] } {
  const starts: ManagerMessage[] = [];
  const reports: Report[] = [];
  const capacity = { ...NOTHING, cores: Array.from({ length: SLOTS }, (_, core) => core) };
  const agent = new AgentMachine({ capacity, leaseMs: 60_000, graceMs: 1_000 }, 0);
  const context = { pilotId: 'pilot', root: '/', gpuNames: [] };
  agent.connected(60_000, 0);
  agent.receive({ type: 'attach', channel: 0, service: 'work' }, 0, 0);
  agent.receive({ type: 'templates', channel: 0, templates: [TEMPLATE] }, 0, 0);
  for (let first = 0; first < units; first += BOUND) {
    starts.push(startOf(first, Math.min(BOUND, units - first)));
    agent.receive(starts.at(-1) as ManagerMessage, 0, 0);
    for (let effects = agent.takeEffects(); effects.length > 0; effects = agent.takeEffects()) {
      for (const effect of effects) {
        if (effect.type === 'run') {
          const { key } = new PreparedUnit(effect.run, context);
          agent.started(key, 1);
          agent.ended(key, OUTCOME);
        } else if (effect.type === 'send' && effect.message.type === 'report') {
          reports.push(effect.message);
          agent.receive({ type: 'ack', channel: 0, seq: effect.message.seq }, 0, 0);
        }
      }
      if (agent.load.running + agent.load.waiting === 0) agent.flush();
    }
  }
  const ended = reports.reduce((sum, report) => sum + (report.ended?.units.length ?? 0), 0);
  if (ended !== units) throw new Error(`${ended} of ${units} units were reported`);
  return { starts, reports };
}

const NOTHING = { cores: [], gpus: [], memory: 0, resources: {} } as const;
const TEMPLATE = {
  id: 0,
  request: { cores: 1, memory: 0, gpus: 0, resources: {} },
  command: { executable: '/bin/true', workingDirectory: '/tmp' },
} as const;
const OUTCOME = {
  exitCode: 0,
  reason: 0,
  terminated: false,
  startedAt: 1,
  finishedAt: 2,
  userTime: 0,
  systemTime: 0,
  maxRss: 0,
} as const;

function startOf(first: number, units: number): ManagerMessage {
  const run: StartRun = {
    template: 0,
    priority: 0,
    units: Uint32Array.from({ length: units }, (_, i) => first + i),
    attempts: new Uint16Array(units).fill(1),
  };
  return { type: 'start', channel: 0, runs: [run] };
}

function sent({ starts, reports }: ReturnType<typeof agentServes>): Counts {
  return {
    'to an agent: bytes': bytesOf(starts) / UNITS,
    'from an agent: bytes': bytesOf(reports) / UNITS,
    'from an agent: messages of a thousand units': reports.length / (UNITS / 1_000),
  };
}

function bytesOf(messages: readonly object[]): number {
  let bytes = 0;
  const encoder = new FrameEncoder((frame) => {
    bytes += frame.length;
  });
  for (const message of messages) encoder.add(message);
  encoder.flush();
  return bytes;
}

/** What becomes visible of units that nobody watches. */
function show(units: number): void {
  const visible = new VisibleUnits();
  visible.grow(units);
  const moves = new Uint32Array(BOUND);
  for (let first = 0; first < units; first += BOUND) {
    for (let i = 0; i < BOUND; i++) moves[i] = Math.min(first + i, units - 1) * 16 + 2;
    visible.show(moves);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.stdout.write(`${JSON.stringify(await count(), undefined, 2)}\n`);
}
