/** What it costs that somebody looks: a run of units without a process, and the same while it is watched. */
import type { WorkUnit } from '@pstar/core';
import type { Sample } from '../harness.ts';
import { alike, NULL_PILOT } from '../workloads.ts';
import { type Context, openWorld, seconds, type World } from './world.ts';

/** Nobody looks. */
export function unwatched(context: Context): Promise<Sample> {
  return measure(context, async ({ work }) => {
    await work.wait();
  });
}

/** Some units have a subscriber each, and there is one for everything that happens. */
export function watched(context: Context): Promise<Sample> {
  return measure(context, async ({ work }, units) => {
    const { watched: count, nulls } = context.sizes;
    let seen = 0;
    let ended = 0;
    // Some have ended while the list of units was being made.
    const { total, byState } = work.statistics;
    const left = total - byState.Done;
    work.events$.subscribe(({ state }) => {
      if (state === 'Done') ended++;
    });
    const every = Math.ceil(nulls / count);
    const some = units.filter((_, i) => i % every === 0);
    for (const { state$ } of some) state$.subscribe({ complete: () => seen++ });
    await work.wait();
    if (seen !== some.length || ended !== left) throw new Error(`${seen} and ${ended} were seen`);
  });
}

/** Each unit's end is waited for by itself. */
export function awaited(context: Context): Promise<Sample> {
  return measure(context, async (_world, units) => {
    for (const unit of units) await unit.finished();
  });
}

async function measure(
  context: Context,
  look: (world: World, units: readonly WorkUnit[]) => Promise<void>,
): Promise<Sample> {
  const { nulls } = context.sizes;
  await using world = await openWorld(context, NULL_PILOT);
  const { work } = world;
  await work.submit(alike(Math.ceil(nulls / 10)));
  await work.wait();
  const units = await work.submit(alike(nulls));
  const cpuBefore = process.cpuUsage();
  const start = seconds();
  await look(world, units);
  const end = seconds();
  const { user, system } = process.cpuUsage(cpuBefore);
  return { perSecond: nulls / (end - start), managerCpuMicros: (user + system) / nulls };
}
