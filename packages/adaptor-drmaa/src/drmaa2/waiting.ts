/**
 * Waiting by asking again and again: a wait in C cannot be given up, and some never return. What is
 * asked comes through restarts of the helper process, and through those of the resource manager.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Observable } from 'rxjs';
import { type DrmaaWaitOptions, poll } from '../drmaa1/polling.ts';
import { DrmaaError } from '../errors.ts';
import { isOver } from './milestones.ts';
import type { Drmaa2JobStateReport } from './types.ts';

/** Milliseconds between two questions of who watches: from, to, and by how much they grow. */
const PACE = { first: 50, last: 1_000, factor: 1.5 };

/** What the library answers; undefined where it cannot say for the moment. */
async function askPatiently<T>(ask: () => Promise<T | undefined>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    const passes =
      error instanceof DrmaaError &&
      (error.code === 'RESOURCE_MANAGER_UNREACHABLE' || error.code === 'TRY_LATER');
    if (passes) return undefined;
    throw error;
  }
}

/**
 * Asks until there is an answer.
 *
 * @throws DrmaaError `TIMEOUT` when there was none in time; PilotError `ABORTED` by the signal.
 */
export async function waitFor<T>(
  what: string,
  ask: () => Promise<T | undefined>,
  options: DrmaaWaitOptions = {},
): Promise<T> {
  const answer = await poll(what, () => askPatiently(ask), options);
  if (answer !== undefined) return answer;
  throw new DrmaaError('TIMEOUT', `${what} took longer than ${options.timeout} s`, {
    drmaa: 'TIMEOUT',
  });
}

/** The states of a native job as they are seen to change; completes with the last. */
export function observeState(
  ask: () => Promise<Drmaa2JobStateReport>,
): Observable<Drmaa2JobStateReport> {
  return new Observable((observer) => {
    const { signal, abort } = aborter();
    const follow = async () => {
      let pause = PACE.first;
      let last: Drmaa2JobStateReport | undefined;
      while (!signal.aborted) {
        const report = await askPatiently(ask);
        pause = Math.min(pause * PACE.factor, PACE.last);
        if (report && (report.state !== last?.state || report.subState !== last.subState)) {
          pause = PACE.first;
          last = report;
          observer.next(report);
        }
        if (report && isOver(report.state)) return observer.complete();
        await sleep(pause, undefined, { signal });
      }
    };
    follow().catch((error) => {
      if (!signal.aborted) observer.error(error);
    });
    return abort;
  });
}

function aborter(): { signal: AbortSignal; abort: () => void } {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}
