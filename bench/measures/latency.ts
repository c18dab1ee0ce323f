/** How long one unit takes when there is nothing else to do: to its process's start, and to its end. */
import { join } from 'node:path';
import type { WorkUnitDescription, WorkUnitService } from '@pstar/core';
import { median, quantile, type Sample } from '../harness.ts';
import { gapsOfPairs, PAUSE_MS, stampsIn } from '../stamps.ts';
import { PROCESS_PILOT, PROCESS_UNIT } from '../workloads.ts';
import { type Context, openWorld } from './world.ts';

/**
 * The start is said by the process itself, by the clock that this program reads too: when its main()
 * begins, which is later than when it is running, for it has been loaded and linked by then.
 */
export async function idleLatency(context: Context): Promise<Sample> {
  const { directory, sizes, stamp } = context;
  await using world = await openWorld(context, PROCESS_PILOT);
  const file = join(directory, 'stamps');
  const started: number[] = [];
  const done: number[] = [];
  // A manager lives for hours: what comes before is compiled, and does not count.
  for (let i = 0; i < sizes.singleBefore; i++)
    await (await world.work.submit(PROCESS_UNIT)).finished();
  for (let i = -Math.ceil(sizes.single / 10); i < sizes.single; i++) {
    const end = await one(world.work, PROCESS_UNIT);
    if (i >= 0) done.push(end.done - end.start);
    if (stamp === undefined) continue;
    const { start } = await one(world.work, {
      ...PROCESS_UNIT,
      executable: stamp,
      arguments: [file],
    });
    if (i >= 0) started.push(Number(stampsIn(file).at(-1)) - start);
  }
  const apart = stamp === undefined ? [] : await dependents(context, world.work, stamp);
  return {
    doneMedian: median(done) / 1e6,
    doneTail: quantile(done, 0.99) / 1e6,
    ...(stamp !== undefined && {
      startedMedian: median(started) / 1e6,
      startedTail: quantile(started, 0.99) / 1e6,
      dependentMedian: median(apart) / 1e6,
      dependentTail: quantile(apart, 0.99) / 1e6,
    }),
  };
}

/** From the stamp of a unit, which it ends with, to that of the one that waits for it; in nanoseconds. */
async function dependents(
  { directory, sizes }: Context,
  work: WorkUnitService,
  stamp: string,
): Promise<number[]> {
  const file = join(directory, 'pairs');
  const description = { ...PROCESS_UNIT, executable: stamp, arguments: [file] };
  for (let i = 0; i < sizes.single; i++) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    const pair = [
      { ...description, name: `first-${i}` },
      { ...description, dependsOn: `first-${i}` },
    ];
    for (const unit of await work.submit(pair)) await unit.result();
  }
  return gapsOfPairs(stampsIn(file));
}

async function one(
  work: WorkUnitService,
  description: WorkUnitDescription,
): Promise<{ start: number; done: number }> {
  await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  const start = Number(process.hrtime.bigint());
  const unit = await work.submit(description);
  await unit.finished();
  const done = Number(process.hrtime.bigint());
  await unit.result();
  return { start, done };
}
