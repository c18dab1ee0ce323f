/** AbortSignal for calls that can take long. */
import { PilotError } from '../model/errors.ts';
import { onAbort } from './on-abort.ts';

/** @throws PilotError `ABORTED` when the signal has been given. */
export function throwIfAborted(signal: AbortSignal | undefined, what: string): void {
  if (signal?.aborted) throw aborted(signal, what);
}

/**
 * The promise, given up as soon as the signal is given; what it stands for may come to be all the same, and
 * whether it has is for whoever has called to find out. However many wait for one signal, it has one listener.
 *
 * Rejects with PilotError `ABORTED`, whose `cause` is the signal's reason.
 *
 * @param what was given up, in a few words: `connecting to slurm://`
 */
export function abortable<T>(
  promise: Promise<T>,
  signal: AbortSignal | undefined,
  what: string,
): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const abort = () => reject(aborted(signal, what));
    const off = onAbort(signal, abort);
    // Also of one that is given up: nobody else hears when it is rejected later.
    promise.then(resolve, reject).finally(off);
    if (signal.aborted) abort();
  });
}

/** What somebody gets who has given something up. */
export function aborted(signal: AbortSignal, what: string): PilotError {
  return new PilotError('ABORTED', `${what} was given up`, { cause: signal.reason });
}
