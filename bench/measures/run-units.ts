/** How many units a second go through one pilot, durable, from the submit to the last one's end. */
import type { PilotJobDescription } from '@pstar/core';
import type { Sample } from '../harness.ts';
import { alike, NULL_PILOT, PROCESS_PILOT } from '../workloads.ts';
import { type Context, openWorld, seconds, type World } from './world.ts';

/** Units that start a process. */
export function processUnits(context: Context): Promise<Sample> {
  return run(context, PROCESS_PILOT, context.sizes.processes);
}

/** Units that start none: what is left is ours. */
export function nullUnits(context: Context): Promise<Sample> {
  return run(context, NULL_PILOT, context.sizes.nulls);
}

async function run(context: Context, pilot: PilotJobDescription, count: number): Promise<Sample> {
  await using world = await openWorld(context, pilot);
  return await runIn(world, count);
}

/** The same in a world that is there. */
export async function runIn(world: World, count: number): Promise<Sample> {
  const { work } = world;
  // A tenth of the work first: a manager lives for hours, not for the seconds of a round.
  await work.submit(alike(Math.ceil(count / 10)));
  await work.wait();
  const [cpuBefore, agentBefore] = [process.cpuUsage(), world.agentCpu()];
  const start = seconds();
  await work.submit(alike(count));
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
