/** What a manager holds in memory when very many units wait. */
import { WorkUnitService } from '@pstar/core';
import type { Sample } from '../harness.ts';
import { alike } from '../workloads.ts';
import type { Context } from './world.ts';

const MB = 1e6;

/** A million units of one template, submitted as users do, journal and all. */
export async function pendingMemory({ directory, sizes }: Context): Promise<Sample> {
  const work = await WorkUnitService.open({ store: directory });
  const before = process.memoryUsage.rss();
  await submit(work, sizes.pending);
  const after = process.memoryUsage.rss();
  const collect = globalThis.gc;
  if (collect === undefined) throw new Error('run with --expose-gc');
  collect();
  // What is freed goes back to the system some milliseconds later.
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const held = process.memoryUsage.rss();
  await work.close();
  return { before: before / MB, after: after / MB, held: held / MB };
}

/** On its own, so that the list of units that a submit gives back is not held on to. */
async function submit(work: WorkUnitService, count: number): Promise<void> {
  await work.submit(alike(count));
}
