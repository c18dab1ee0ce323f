/** Asks again and again, fast at first: for libraries whose waits do not come back. */
import { setTimeout as sleep } from 'node:timers/promises';
import { PilotError } from '@pstar/core/adaptor';
import { DrmaaError } from '../errors.ts';

/** Milliseconds between two questions: from, to, and by how much they grow. */
const PACE = { first: 20, last: 1_000, factor: 1.5 };

/** How long it is waited for something. */
export interface DrmaaWaitOptions {
  /** Seconds; 0 asks once. Without it there is no limit. */
  readonly timeout?: number | undefined;
  /** Gives up waiting. What is waited for goes on. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Settles with the first answer that is not undefined, or with undefined when the time is over.
 *
 * @throws DrmaaError `DESCRIPTION_INVALID` for a time that is none
 * @throws PilotError `ABORTED` when the signal is given; whatever `ask` throws
 */
export async function poll<T>(
  what: string,
  ask: (signal: AbortSignal | undefined) => Promise<T | undefined>,
  { timeout = Number.POSITIVE_INFINITY, signal }: DrmaaWaitOptions,
): Promise<T | undefined> {
  if (typeof timeout !== 'number' || Number.isNaN(timeout))
    throw new DrmaaError('DESCRIPTION_INVALID', `${timeout} is no time to wait`, {
      subject: 'timeout',
      hint: 'give seconds, or leave it out',
    });
  const until = performance.now() + timeout * 1000;
  for (let pause = PACE.first; ; pause = Math.min(PACE.last, pause * PACE.factor)) {
    const answer = await ask(signal);
    if (answer !== undefined) return answer;
    const left = until - performance.now();
    if (left <= 0) return undefined;
    try {
      await sleep(Math.min(pause, left), undefined, { signal });
    } catch (cause) {
      throw new PilotError('ABORTED', `${what} was given up`, { cause });
    }
  }
}
