/**
 * Waiting by asking again and again: a wait in C cannot be given up, and some never return. What is
 * asked comes through restarts of the helper process.
 */
import { type Duration, PilotError, parseDuration } from '@pstar/core/adaptor';
import { Observable } from 'rxjs';
import { DrmaaError } from '../errors.ts';
import { isOver } from './milestones.ts';
import type { Drmaa2JobStateReport } from './types.ts';

/** How long is waited. */
export interface Drmaa2WaitOptions {
  /** Seconds, or as `'5m'`; without it, for as long as it takes. 0 looks once. */
  readonly timeout?: Duration;
  /** Gives the waiting up; what is waited for goes on. */
  readonly signal?: AbortSignal;
}

/** Between two questions; it grows while nothing happens. */
const PAUSE_MS = { first: 20, last: 1_000, growth: 1.5 };

function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done, { once: true });
  });
}

/**
 * Asks until there is an answer.
 *
 * @throws DrmaaError `TIMEOUT` when there was none in time; PilotError `ABORTED` by the signal.
 */
export async function waitFor<T>(
  what: string,
  poll: () => Promise<T | undefined>,
  { timeout, signal }: Drmaa2WaitOptions = {},
): Promise<T> {
  const seconds = timeout === undefined ? Number.POSITIVE_INFINITY : parseDuration(timeout);
  const end = performance.now() + seconds * 1000;
  for (let ms = PAUSE_MS.first; ; ms = Math.min(ms * PAUSE_MS.growth, PAUSE_MS.last)) {
    if (signal?.aborted)
      throw new PilotError('ABORTED', `${what} was given up`, { cause: signal.reason });
    const answer = await poll();
    if (answer !== undefined) return answer;
    const left = end - performance.now();
    if (left <= 0) throw late(what, seconds);
    await pause(Math.min(ms, left), signal);
  }
}

function late(what: string, seconds: number): DrmaaError {
  return new DrmaaError('TIMEOUT', `${what} took longer than ${seconds} s`, { drmaa: 'TIMEOUT' });
}

/** The states of a native job as they are seen to change; completes with the last. */
export function observeState(
  poll: () => Promise<Drmaa2JobStateReport>,
): Observable<Drmaa2JobStateReport> {
  return new Observable((observer) => {
    const stop = new AbortController();
    const follow = async () => {
      let ms = PAUSE_MS.first;
      let last: Drmaa2JobStateReport | undefined;
      while (!stop.signal.aborted) {
        const report = await poll();
        const isNew = report.state !== last?.state || report.subState !== last?.subState;
        ms = isNew ? PAUSE_MS.first : Math.min(ms * PAUSE_MS.growth, PAUSE_MS.last);
        last = report;
        if (isNew) observer.next(report);
        if (isOver(report.state)) return observer.complete();
        await pause(ms, stop.signal);
      }
    };
    follow().catch((error) => observer.error(error));
    return () => stop.abort();
  });
}
