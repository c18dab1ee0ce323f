/**
 * The program that things happen to: opens both services by id, keeps pilots, gives them work, changes
 * its mind about some of it, and says everything that it is told, a line each. It takes commands, a line
 * each as well.
 *
 * `program.ts PARAMETERS`, which are JSON: see {@link Parameters}.
 */
import { createInterface } from 'node:readline';
import { slurmAdaptor } from '@pstar/adaptor-slurm';
import { sshAdaptor } from '@pstar/adaptor-ssh';
import {
  isFinalPilotJobState,
  PilotError,
  type PilotJob,
  type PilotJobDescription,
  PilotJobService,
  type WorkUnit,
  type WorkUnitDescription,
  WorkUnitService,
} from '@pstar/core';
import { Random } from '../simulation/random.ts';

/** What a run of this program is to do. */
export interface Parameters {
  readonly store: string;
  /** Where units keep their ledgers. */
  readonly ledgers: string;
  /** The script that every unit runs. */
  readonly unit: string;
  readonly seed: number;
  /** How many units it submits at once, of random kinds. */
  readonly units: number;
  readonly pilots: number;
  /** Where its pilots are created. */
  readonly rm: string;
  readonly pilot: PilotJobDescription;
}

/** What it can be told to do. */
export type Command =
  /** Waits for everything, says what became of each unit, and ends. */
  | { readonly type: 'finish' }
  /** Does nothing else, as a program that computes. */
  | { readonly type: 'block'; readonly ms: number }
  /** Its wall clock is set. */
  | { readonly type: 'jump'; readonly ms: number }
  | { readonly type: 'submit'; readonly units: readonly WorkUnitDescription[] }
  | { readonly type: 'cancel'; readonly what: 'first unit' | 'group' | 'work' | 'pilots' };

/** What it says. */
export type Line =
  | { readonly type: 'stage'; readonly stage: 'begun' | 'opened' | 'idle' }
  | { readonly type: 'pilot'; readonly id: string; readonly nativeId: string }
  | { readonly type: 'pilot-event'; readonly id: string; readonly state: string; detail: string }
  | { readonly type: 'submitted'; readonly ids: readonly string[] }
  | { readonly type: 'refused'; readonly code: string; readonly message: string }
  | { readonly type: 'canceled'; readonly id: string; readonly attempt: number }
  | { readonly type: 'done'; readonly command: string }
  | { readonly type: 'event'; readonly id: string; readonly state: string }
  | { readonly type: 'final'; readonly units: readonly object[] };

const parameters: Parameters = JSON.parse(process.argv[2] ?? '');
const { store, ledgers, unit, seed } = parameters;
const random = new Random(seed);

function say(line: Line): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

say({ type: 'stage', stage: 'begun' });
// Named, because this runs as one file, far from where adaptors are installed.
const adaptors = [slurmAdaptor, sshAdaptor];
const pilots = await PilotJobService.open({ store, id: 'pilots', adaptors });
const work = await WorkUnitService.open({ store, id: 'work', services: [pilots] });
say({ type: 'stage', stage: 'opened' });
work.events$.subscribe(({ unit: { id }, state }) => say({ type: 'event', id, state }));
pilots.events$.subscribe(({ pilotId: id, state, stateDetail: detail }) =>
  say({ type: 'pilot-event', id, state, detail }),
);
if (work.state === 'Open') {
  await keepPilots(parameters.pilots);
  await submit(Array.from({ length: parameters.units }, (_, i) => describe(i)));
  void work.wait().then(() => say({ type: 'stage', stage: 'idle' }));
}
// Only now, and one after another: who waits for all work must not forget what is being submitted.
let obeyed = Promise.resolve();
createInterface(process.stdin).on('line', (line) => {
  obeyed = obeyed.then(() => obey(JSON.parse(line)));
});

/** Has so many pilots live at any time. */
async function keepPilots(count: number): Promise<void> {
  const live = pilots.pilotJobs.filter(({ state }) => !isFinalPilotJobState(state));
  for (const pilot of live) watch(pilot);
  for (let i = live.length; i < count; i++) await anotherPilot();
}

async function anotherPilot(): Promise<void> {
  watch(await pilots.create(parameters.rm, parameters.pilot));
}

function watch(pilot: PilotJob): void {
  say({ type: 'pilot', id: pilot.id, nativeId: pilot.nativeId ?? '' });
  void pilot.finished().then(anotherPilot).catch(refused);
}

async function submit(descriptions: readonly WorkUnitDescription[]): Promise<void> {
  if (descriptions.length === 0) return;
  const submitted = await work.submit(descriptions);
  say({ type: 'submitted', ids: submitted.map(({ id }) => id) });
  if (submitted.length !== parameters.units) return;
  for (const each of submitted) if (random.chance(0.05)) void cancel(each);
  if (random.chance(0.3)) void work.group(`g${seed}`).cancel();
}

async function cancel(each: WorkUnit): Promise<void> {
  await each.cancel();
  say({ type: 'canceled', id: each.id, attempt: each.attempt });
}

function refused(error: unknown): void {
  if (!(error instanceof PilotError)) throw error;
  say({ type: 'refused', code: error.code, message: error.message });
}

function describe(i: number): WorkUnitDescription {
  const fails = random.chance(0.1);
  const seconds = random.chance(0.1) ? 0.4 : random.between(0, 60) / 1000;
  return {
    name: `u${i}`,
    executable: '/bin/sh',
    arguments: [unit, ledgers, seconds, fails ? 3 : 0],
    ...(fails && random.chance(0.5) && { retries: 2 }),
    ...(random.chance(0.1) && { restartOnPilotLoss: false }),
    ...(random.chance(0.2) && { group: `g${seed}` }),
    ...(i > 0 && random.chance(0.2) && { dependsOn: `u${random.between(0, i - 1)}` }),
  };
}

async function obey(command: Command): Promise<void> {
  switch (command.type) {
    case 'finish':
      await finish();
      return;
    case 'block':
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, command.ms);
      break;
    case 'jump': {
      const now = Date.now.bind(Date);
      Date.now = () => now() + command.ms;
      break;
    }
    case 'submit':
      await submit(command.units).catch(refused);
      break;
    case 'cancel':
      await cancelWhat(command.what);
  }
  say({ type: 'done', command: command.type });
}

async function cancelWhat(what: (Command & { type: 'cancel' })['what']): Promise<void> {
  const [first] = work.workUnits;
  if (what === 'first unit' && first !== undefined) await cancel(first);
  else if (what === 'group') await work.group('g').cancel();
  else if (what === 'work') await work.cancel();
  else if (what === 'pilots') await pilots.cancel();
}

async function finish(): Promise<void> {
  if (work.state === 'Open') await work.wait();
  const told = [...work.workUnits].map(({ id, state, attempt, exit, description }) => ({
    id,
    state,
    attempt,
    exitCode: exit?.exitCode,
    reason: exit?.reason,
    problem: exit?.problem,
    mayRestart: description.restartOnPilotLoss !== false,
    retries: description.retries !== undefined,
  }));
  say({ type: 'final', units: told });
  await work.cancel();
  await pilots.cancel();
  process.exit();
}
