/**
 * The program that is killed: opens both services by id, keeps two pilots, gives them work, changes
 * its mind about some of it, and says each thing that it was told, a line each. On a line of input it
 * waits for everything, says what became of each unit, and ends.
 *
 * `program.ts PARAMETERS`, which are JSON: see {@link Parameters}.
 */
import { createInterface } from 'node:readline';
import {
  isFinalPilotJobState,
  type PilotJob,
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
  /** How many units it submits. */
  readonly units: number;
  /** Of each pilot's agent, in seconds. */
  readonly lease?: number;
  readonly heartbeat?: number;
}

/** A line of output. */
export type Line =
  | { readonly type: 'stage'; readonly stage: 'begun' | 'opened' | 'idle' }
  | { readonly type: 'pilot'; readonly id: string; readonly pid: number }
  | { readonly type: 'submitted'; readonly ids: readonly string[] }
  | { readonly type: 'canceled'; readonly id: string; readonly attempt: number }
  | { readonly type: 'event'; readonly id: string; readonly state: string }
  | { readonly type: 'final'; readonly units: readonly object[] };

const { store, ledgers, unit, seed, units, ...agent }: Parameters = JSON.parse(
  process.argv[2] ?? '',
);
const random = new Random(seed);

function say(line: Line): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

say({ type: 'stage', stage: 'begun' });
const pilots = await PilotJobService.open({ store, id: 'pilots' });
const work = await WorkUnitService.open({ store, id: 'work', services: [pilots] });
say({ type: 'stage', stage: 'opened' });
work.events$.subscribe(({ unit: { id }, state }) => say({ type: 'event', id, state }));
const twoPilots = keepPilots(2);
await twoPilots;
await submit();
void work.wait().then(() => say({ type: 'stage', stage: 'idle' }));
createInterface(process.stdin).once('line', () => void finish());

/** Has so many pilots live at any time. */
async function keepPilots(count: number): Promise<void> {
  const live = pilots.pilotJobs.filter(({ state }) => !isFinalPilotJobState(state));
  for (const pilot of live) watch(pilot);
  for (let i = live.length; i < count; i++) await anotherPilot();
}

async function anotherPilot(): Promise<void> {
  watch(await pilots.create('local://', { totalCpuCount: 3, agent }));
}

function watch(pilot: PilotJob): void {
  say({ type: 'pilot', id: pilot.id, pid: Number(pilot.nativeId?.split(':')[0]) });
  void pilot.finished().then(anotherPilot, () => {});
}

async function submit(): Promise<void> {
  const submitted = await work.submit(Array.from({ length: units }, (_, i) => describe(i)));
  say({ type: 'submitted', ids: submitted.map(({ id }) => id) });
  for (const each of submitted) if (random.chance(0.05)) void cancel(each);
  if (random.chance(0.3)) void work.group(`g${seed}`).cancel();
}

async function cancel(each: WorkUnit): Promise<void> {
  await each.cancel();
  say({ type: 'canceled', id: each.id, attempt: each.attempt });
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

async function finish(): Promise<void> {
  await work.wait();
  const told = [...work.workUnits].map(({ id, state, attempt, exit, description }) => ({
    id,
    state,
    attempt,
    exitCode: exit?.exitCode,
    reason: exit?.reason,
    mayRestart: description.restartOnPilotLoss !== false,
    retries: description.retries !== undefined,
  }));
  say({ type: 'final', units: told });
  await work.cancel();
  await pilots.cancel();
  process.exit();
}
