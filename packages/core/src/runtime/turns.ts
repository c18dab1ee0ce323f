/** Long work on the event loop, in steps, between which others get their turn. */
import { type Clock, systemClock } from './clock.ts';

/** After so long it is their turn; a step that is under way then is gone through with. */
const SLICE_MS = 8;

/** Stands among items for a step on the way to the next. */
export const STEP = Symbol('a step on the way to the next');

/** Goes through steps to their end, and resolves with what they return. */
export async function inTurns<T>(
  steps: Iterator<unknown, T>,
  clock: Pick<Clock, 'monotonic'> = systemClock,
): Promise<T> {
  let began = clock.monotonic();
  for (;;) {
    const { value, done } = steps.next();
    if (done === true) return value;
    if (clock.monotonic() - began < SLICE_MS) continue;
    await new Promise<void>((resolve) => setImmediate(resolve));
    began = clock.monotonic();
  }
}
