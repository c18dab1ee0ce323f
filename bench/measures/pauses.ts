/** How long a program's event loop stands still. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';

/** How often it is looked at; what a pause is counted longer than it was. */
const RESOLUTION_MS = 1;

/** Begins to watch; each call of what it returns gives the longest pause since, in ms. */
export function watchPauses(): () => Promise<number> {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  return async () => {
    // A pause is known once it is over, and a reset would forget one that is not.
    await delay(2 * RESOLUTION_MS);
    const longest = histogram.max / 1e6 - RESOLUTION_MS;
    histogram.reset();
    return Math.max(0, longest);
  };
}
