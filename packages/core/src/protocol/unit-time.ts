/**
 * How much of a pilot's wall-time limit its units have: where somebody kills at the limit, the agent ends
 * them sooner, so that it can hand back what it holds.
 */

/** Between SIGTERM and SIGKILL when the agent itself ends. */
export const GRACE_MS = 10_000;
/** What the agent itself needs at its wall-time limit, besides its units' grace. */
const LAST_WORDS_MS = 1_000;
/** Clocks of resource managers begin before the agent does, and not all of them are exact. */
const EARLY_END = { fraction: 0.02, msMax: 60_000 };
/** Until a unit is bound to an agent that has just begun. */
const FIRST_WORDS_MS = 1_000;
const MINUTE_MS = 60_000;

/** When an agent begins to end its units, and how long these have then. */
export interface UnitTime {
  /** Since its own start. */
  readonly untilMs: number;
  readonly graceMs: number;
}

/** What an agent counts as its limit, where a resource manager kills it at this one. */
export function ownLimit(limitMs: number): number {
  return limitMs - Math.min(EARLY_END.msMax, EARLY_END.fraction * limitMs);
}

/** The time of units under a limit; all of it is theirs where nobody `isKilled` at it. */
export function unitTime(limitMs: number, graceMs: number, isKilled: boolean): UnitTime {
  if (!isKilled) return { untilMs: limitMs, graceMs };
  const marginMs = Math.min(graceMs + LAST_WORDS_MS, limitMs / 2);
  return { untilMs: limitMs - marginMs, graceMs: Math.max(0, marginMs - LAST_WORDS_MS) };
}

/** A limit of a pilot, in whole minutes, that is enough for units of that long with any resource manager. */
export function limitFor(unitMs: number): number {
  const neededMs = unitMs + FIRST_WORDS_MS + GRACE_MS + LAST_WORDS_MS;
  const limitMs = Math.min(neededMs + EARLY_END.msMax, neededMs / (1 - EARLY_END.fraction));
  return MINUTE_MS * Math.ceil(limitMs / MINUTE_MS);
}
