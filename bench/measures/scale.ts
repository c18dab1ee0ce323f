/** Very many units, and units that wait for others: what it takes of time, memory and patience. */
import type { WorkUnit, WorkUnitDescription } from '@pstar/core';
import type { Sample } from '../harness.ts';
import { alike, graph, NULL_PILOT, PROCESS_UNIT } from '../workloads.ts';
import { watchPauses } from './pauses.ts';
import { type Context, openWorld, seconds, type World } from './world.ts';

const MB = 1e6;
/** Units of one submit, where they come little by little. */
const PORTION = 100_000;
/** Of the graph whose units wait for those of the layer before. */
const LAYERS = 20;

/** All in one submit, and all to their ends. */
export function vastAtOnce(context: Context): Promise<Sample> {
  return toTheirEnds(context, async ({ work }, count) => {
    await work.submit(alike(count));
  });
}

/** In portions, as programs do that make units up while others run. */
export function vastInPortions(context: Context): Promise<Sample> {
  return toTheirEnds(context, async ({ work }, count) => {
    for (let left = count; left > 0; left -= PORTION) {
      await work.submit(alike(Math.min(PORTION, left)));
    }
  });
}

/** `submit` returns nothing: a list of units that somebody holds is theirs. */
async function toTheirEnds(
  context: Context,
  submit: (world: World, count: number) => Promise<void>,
): Promise<Sample> {
  const { vast } = context.sizes;
  await using world = await openWorld(context, NULL_PILOT);
  const longest = watchPauses();
  const start = seconds();
  await submit(world, vast);
  const submitted = seconds();
  const pauseOfSubmit = await longest();
  await world.work.wait();
  const end = seconds();
  const pause = Math.max(await longest(), pauseOfSubmit);
  const { byState } = world.work.statistics;
  if (byState.Done !== vast) throw new Error(`${byState.Done} of ${vast} units are Done`);
  return {
    submitMicros: ((submitted - start) * 1e6) / vast,
    perSecond: vast / (end - start),
    peak: (process.resourceUsage().maxRSS * 1024) / MB,
    pauseOfSubmit,
    pause,
  };
}

/** Each unit waits for two others, named within the submit. */
export function graphByName(context: Context): Promise<Sample> {
  return runGraph(context, async ({ work }, count) => {
    await work.submit(graph(count));
  });
}

/** Each unit of a layer waits for a unit of the layer before by itself, and for another layer as a group. */
export function graphByReference(context: Context): Promise<Sample> {
  return runGraph(context, async ({ work }, count) => {
    const layer = Math.ceil(count / LAYERS);
    let before: readonly WorkUnit[] = [];
    for (let number = 0; number < LAYERS; number++) {
      before = await work.submit(layerOf(number, Math.min(layer, count - number * layer), before));
    }
  });
}

function* layerOf(
  number: number,
  count: number,
  before: readonly WorkUnit[],
): Generator<WorkUnitDescription> {
  const description = { ...PROCESS_UNIT, group: `layer ${number}` };
  for (let i = 0; i < count; i++) {
    const unit = before[i];
    yield unit === undefined
      ? description
      : { ...description, dependsOn: [unit, { group: `layer ${Math.max(0, number - 2)}` }] };
  }
}

async function runGraph(
  context: Context,
  submit: (world: World, count: number) => Promise<void>,
): Promise<Sample> {
  const { graph: count } = context.sizes;
  await using world = await openWorld(context, NULL_PILOT);
  const cpuBefore = process.cpuUsage();
  const start = seconds();
  await submit(world, count);
  const submitted = seconds();
  await world.work.wait();
  const end = seconds();
  const { user, system } = process.cpuUsage(cpuBefore);
  const { byState } = world.work.statistics;
  if (byState.Done !== count) throw new Error(`${byState.Done} of ${count} units are Done`);
  return {
    perSecond: count / (end - start),
    perSecondOnceSubmitted: count / (end - submitted),
    managerCpuMicros: (user + system) / count,
  };
}
