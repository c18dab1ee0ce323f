/** How long one unit takes when there is nothing else to do: to its process's start, and to its end. */
import { join } from 'node:path';
import type { WorkUnitDescription, WorkUnitService } from '@pstar/core';
import { median, quantile, type Sample } from '../harness.ts';
import { gapsOfPairs, PAUSE_MS, STAMPS, type Stamp, stampsIn } from '../stamps.ts';
import { PROCESS_PILOT, PROCESS_UNIT } from '../workloads.ts';
import { type Context, openWorld } from './world.ts';

/** The start is said by the process itself, by the clock that this program reads too. */
export async function idleLatency(context: Context): Promise<Sample> {
  const { directory, sizes, stamps = {} } = context;
  await using world = await openWorld(context, PROCESS_PILOT);
  const programs = STAMPS.flatMap((name) => {
    const executable = stamps[name];
    const file = join(directory, name);
    const unit = { ...PROCESS_UNIT, executable: executable ?? '', arguments: [file] };
    return executable === undefined ? [] : [{ name, file, unit, started: [] as number[] }];
  });
  const done: number[] = [];
  // A manager lives for hours: what comes before is compiled, and does not count.
  for (let i = 0; i < sizes.singleBefore; i++)
    await (await world.work.submit(PROCESS_UNIT)).finished();
  for (let i = -Math.ceil(sizes.single / 10); i < sizes.single; i++) {
    const end = await one(world.work, PROCESS_UNIT);
    if (i >= 0) done.push(end.done - end.start);
    for (const { file, unit, started } of programs) {
      const { start } = await one(world.work, unit);
      if (i >= 0) started.push((stampsIn(file).at(-1) as Stamp).began - start);
    }
  }
  const sample: Record<string, number> = { ...inMs('done', done) };
  for (const { name, file, unit, started } of programs) {
    Object.assign(sample, inMs(`${name}Started`, started));
    const apart = await dependents(world.work, unit, `${file}-pairs`, sizes.single);
    Object.assign(sample, inMs(`${name}Dependent`, apart));
  }
  return sample;
}

function inMs(name: string, nanoseconds: readonly number[]): Sample {
  return {
    [`${name}Median`]: median(nanoseconds) / 1e6,
    [`${name}Tail`]: quantile(nanoseconds, 0.99) / 1e6,
  };
}

/** From a unit's last act to the beginning of the one that waits for it; in nanoseconds. */
async function dependents(
  work: WorkUnitService,
  unit: WorkUnitDescription,
  file: string,
  count: number,
): Promise<number[]> {
  const description = { ...unit, arguments: [file] };
  for (let i = 0; i < count; i++) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    const name = `${unit.executable}-${i}`;
    const pair = [
      { ...description, name },
      { ...description, dependsOn: name },
    ];
    for (const each of await work.submit(pair)) await each.result();
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
