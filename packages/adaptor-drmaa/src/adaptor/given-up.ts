/** Submissions that their callers give up. PURE. */
import { PilotError } from '@pstar/core/adaptor';

/** What a submission is rejected with that was given up. */
export function givenUp(): PilotError {
  return new PilotError('ABORTED', 'given up by its caller');
}

/**
 * Settles as the promise does, or at once when it is given up. What it stands for may come to be all
 * the same: whoever gives it up looks for it.
 */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const give = () => reject(givenUp());
    signal.addEventListener('abort', give, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', give));
  });
}
