/** How the cost of a unit grows with their number, for one number of agents. */
import type { Sample } from '../harness.ts';
import { alike } from '../workloads.ts';
import { openCrowd } from './crowd.ts';
import { type Context, seconds } from './world.ts';

/** Seconds a unit, by how many there were: `1000: 2.5e-6`. */
export async function growth(context: Context): Promise<Sample> {
  const { units } = context.sizes.growth;
  await using world = await openCrowd(context, context.agents ?? 1);
  const { work } = world;
  // A tenth of the work first, as everywhere.
  await work.submit(alike(Math.max(...units) / 10));
  await work.wait();
  const costs: Record<string, number> = {};
  for (const count of units) {
    const start = seconds();
    await work.submit(alike(count));
    await work.wait();
    costs[count] = (seconds() - start) / count;
  }
  return costs;
}
