/** How many units a second go through one pilot, durable, from the submit to the last one's end. */
import type { WorkUnitDescription } from '@pstar/core';
import type { Sample } from '../harness.ts';
import { alike, NULL_PILOT } from '../workloads.ts';
import { type Context, openWorld, seconds, type World } from './world.ts';

/** Units that start no process: what is left is ours. */
export async function nullUnits(context: Context): Promise<Sample> {
  await using world = await openWorld(context, NULL_PILOT);
  return await runIn(world, context.sizes.nulls);
}

/**
 * So many units in a world that is there, after some that do not count: a manager lives for hours,
 * not for the seconds of a round.
 */
export async function runIn(
  world: World,
  count: number,
  before = Math.ceil(count / 10),
  units: (count: number) => Iterable<WorkUnitDescription> = alike,
): Promise<Sample> {
  const { work } = world;
  await work.submit(units(before));
  await work.wait();
  const [cpuBefore, agentBefore] = [process.cpuUsage(), world.agentCpu()];
  const start = seconds();
  await work.submit(units(count));
  const submitted = seconds();
  await work.wait();
  const end = seconds();
  const { user, system } = process.cpuUsage(cpuBefore);
  const agentCpu = world.agentCpu();
  const { finished, total, byState } = work.statistics;
  if (byState.Done !== total) throw new Error(`${byState.Done} of ${finished} units are Done`);
  return {
    perSecond: count / (end - start),
    perSecondOnceSubmitted: count / (end - submitted),
    managerCpuMicros: (user + system) / count,
    agentCpuMicros: (agentCpu - agentBefore) / count,
  };
}
