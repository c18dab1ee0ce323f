/** AbortSignal for calls that can take long. */
import { PilotError } from '../../model/errors.ts';
import { onAbort } from '../../runtime/on-abort.ts';

/** @throws PilotError `ABORTED` when the signal has been given. */
export function throwIfAborted(signal: AbortSignal | undefined, what: string): void {
  if (signal?.aborted) throw aborted(signal, what);
}

/** The promise, given up as soon as the signal is. */
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
