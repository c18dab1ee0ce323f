/**
 * The program that is killed in the middle of a map: opens both services by id, keeps pilots, goes on
 * with the map by its name, and says how far it is, a line each.
 *
 * `map-program.ts PARAMETERS`, which are JSON: see {@link Parameters}.
 */
import { Socket } from 'node:net';
import {
  isFinalPilotJobState,
  type PilotJob,
  type PilotJobDescription,
  PilotJobService,
  WorkUnitService,
} from '@pstar/core';
import { Random } from '../simulation/random.ts';
import { type Marking, mark, outcome } from './marking.ts';

/** What a run of this program is to do. */
export interface Parameters {
  readonly store: string;
  readonly marks: string;
  readonly calls: number;
  readonly ms: number;
  /** How many of the calls end their workers the first time. */
  readonly ends: number;
  readonly seed: number;
  readonly pilots: number;
  readonly pilot: PilotJobDescription;
  /** Says how far it is each time so many results have come. */
  readonly every: number;
}

/** What it says. */
export type Line =
  | { readonly type: 'pilot'; readonly id: string; readonly nativeId: string }
  | { readonly type: 'results'; readonly count: number }
  | { readonly type: 'over'; readonly count: number; readonly wrong: readonly number[] };

/** What it can be told to do. */
export type Command = 'cancel pilot' | 'cut links';
const COMMANDS: Readonly<Record<Command, () => void>> = {
  'cancel pilot': () => void cancelPilot(),
  'cut links': cutLinks,
};

const parameters: Parameters = JSON.parse(process.argv[2] ?? '');
const { store, marks, calls, ms, seed, ends, every } = parameters;

const pilots = await PilotJobService.open({ store, id: 'pilots' });
const work = await WorkUnitService.open({ store, id: 'work', services: [pilots] });
let isOver = false;
const live = pilots.pilotJobs.filter(({ state }) => !isFinalPilotJobState(state));
for (const pilot of live) watch(pilot);
for (let i = live.length; i < parameters.pilots; i++) await createPilot();
process.stdin.setEncoding('utf8').on('data', (text: string) => {
  for (const word of text.trim().split('\n')) COMMANDS[word as Command]();
});
// It is not to outlive its test.
process.stdin.on('end', () => process.exit());

const wrong: number[] = [];
let count = 0;
for await (const result of work.map(mark, inputs(), { name: 'squares', retries: 3 })) {
  if (result !== outcome(count)) wrong.push(count);
  count++;
  if (count % every === 0) say({ type: 'results', count });
}
say({ type: 'over', count, wrong });
isOver = true;
await work.cancel();
await pilots.cancel();
process.exit();

function say(line: Line): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** Whenever a pilot has ended there is another one, until all is over. */
function watch(pilot: PilotJob): void {
  say({ type: 'pilot', id: pilot.id, nativeId: pilot.nativeId ?? '' });
  void pilot.finished().then(() => (isOver ? undefined : createPilot()));
}

async function createPilot(): Promise<void> {
  watch(await pilots.create('local://', parameters.pilot));
}

async function cancelPilot(): Promise<void> {
  await pilots.pilotJobs.find(({ state }) => !isFinalPilotJobState(state))?.cancel();
}

/** All links to agents break at once. */
function cutLinks(): void {
  // Of what Node.js keeps for itself: no agent is to know that somebody meant it.
  const handles = (process as unknown as { _getActiveHandles(): unknown[] })._getActiveHandles();
  for (const handle of handles) {
    if (handle instanceof Socket && handle.remoteAddress !== undefined) handle.destroy();
  }
}

/** The same in each life. */
function* inputs(): Generator<Marking> {
  const random = new Random(seed);
  for (let index = 0; index < calls; index++) {
    const isEnd = random.chance(ends / calls);
    const how = random.pick(['exit', 'abort', 'kill', 'throw'] as const);
    yield { marks, index, ms, ends: isEnd ? how : undefined };
  }
}
