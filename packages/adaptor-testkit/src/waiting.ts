/** Waits for what comes by itself, with an end to the patience. */
import { systemClock } from '@pstar/core/testing';
import { must } from './check.ts';

const PAUSE_MS_MIN = 5;
const PAUSE_MS_MAX = 200;

/**
 * Asks until there is an answer, ever more seldom.
 *
 * @param asked what is waited for, and what was seen last
 */
export async function eventually<T>(
  ask: () => Promise<T | undefined>,
  asked: () => string,
  patienceMs: number,
): Promise<T> {
  const deadline = systemClock.monotonic() + patienceMs;
  for (let pauseMs = PAUSE_MS_MIN; ; pauseMs = Math.min(2 * pauseMs, PAUSE_MS_MAX)) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    const isLate = systemClock.monotonic() > deadline;
    must(!isLate, `waited ${patienceMs / 1000} s for ${asked()}`);
    await new Promise<void>((resolve) => systemClock.after(pauseMs, resolve));
  }
}

/** Fails unless the promise settles in time. */
export async function inTime<T>(promise: Promise<T>, what: string, limitMs: number): Promise<T> {
  let giveUp = (): void => {};
  const late = new Promise<never>((_, reject) => {
    const problem = new Error(`${what} has not settled in ${limitMs / 1000} s`);
    giveUp = systemClock.after(limitMs, () => reject(problem)).cancel;
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    giveUp();
  }
}
