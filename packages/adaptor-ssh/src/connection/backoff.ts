/** How long to wait before the next attempt. PURE. */

const FIRST_MS = 500;
const LONGEST_MS = 30_000;

/** Twice as long each time, with some chance in it, so that many do not come all at once. */
export function backOff(attempt: number, random: () => number = Math.random): number {
  const ms = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, 16));
  return ms * (0.5 + random() / 2);
}
