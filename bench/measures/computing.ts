/** Units of a tenth of a second beside a program that answers, and beside one that computes. */
import type { Sample } from '../harness.ts';
import { LASTING_UNIT, PROCESS_PILOT } from '../workloads.ts';
import { type Context, openWorld } from './world.ts';

/** How long the program computes before anything else gets its turn. */
const BLOCKED_MS = 2_000;

/** The event loop is always free. */
export function free(context: Context): Promise<Sample> {
  return measure(context, async () => {});
}

/** It is free for one turn every two seconds, as of a program that does nothing but compute. */
export function blocked(context: Context): Promise<Sample> {
  return measure(context, async (isOver) => {
    while (!isOver()) {
      const end = performance.now() + BLOCKED_MS;
      while (performance.now() < end);
      await new Promise((resolve) => setImmediate(resolve));
    }
  });
}

/**
 * By the units' own account, for the manager may hear of an end seconds late; without the first quarter,
 * in which it learns how the program is.
 */
async function measure(
  context: Context,
  beside: (isOver: () => boolean) => Promise<void>,
): Promise<Sample> {
  const { lasting } = context.sizes;
  await using world = await openWorld(context, PROCESS_PILOT);
  const { work } = world;
  await (await work.submit(LASTING_UNIT)).finished();
  const units = await work.submit(Array.from({ length: lasting }, () => LASTING_UNIT));
  let isOver = false;
  const over = work.wait().then(() => {
    isOver = true;
  });
  await beside(() => isOver);
  await over;
  const ends = units.map(({ exit }) => Number(exit?.finishedAt)).sort((a, b) => a - b);
  const later = ends.slice(Math.floor(lasting / 4));
  return { perSecond: ((later.length - 1) * 1000) / (Number(later.at(-1)) - Number(later[0])) };
}
