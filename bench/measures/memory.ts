/** What a process holds in memory whose work unit service has very many units waiting. */
import { WorkUnitService } from '@pstar/core';
import type { Sample } from '../harness.ts';
import { alike } from '../workloads.ts';
import type { Context } from './world.ts';

const MB = 1e6;
/** Units of one submit, where they come little by little. */
const PORTION = 10_000;

/** Submitted in portions, as programs do that make units up while others run. */
export async function pendingInPortions(context: Context): Promise<Sample> {
  return measure(context, async (work) => {
    for (let left = context.sizes.pending; left > 0; left -= PORTION) {
      await work.submit(alike(Math.min(PORTION, left)));
    }
  });
}

/** All at once: as many WorkUnit objects come back at once. */
export async function pendingAtOnce(context: Context): Promise<Sample> {
  return measure(context, async (work) => {
    await work.submit(alike(context.sizes.pending));
  });
}

/** `submit` returns nothing: a list of units that somebody holds is theirs. */
async function measure(
  { directory }: Context,
  submit: (work: WorkUnitService) => Promise<void>,
): Promise<Sample> {
  const work = await WorkUnitService.open({ store: directory });
  const before = process.memoryUsage.rss();
  await submit(work);
  const after = process.memoryUsage.rss();
  await work.close();
  return { before: before / MB, after: after / MB };
}
