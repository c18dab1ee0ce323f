/** Ends of native jobs that were asked for. PURE. */
import { DrmaaError } from '../errors.ts';

/** Waits for all of them. What is over already, or never was, is no error. */
export async function allEnded(endings: readonly Promise<void>[]): Promise<void> {
  for (const ending of await Promise.allSettled(endings)) {
    if (ending.status === 'rejected' && !isOverAlready(ending.reason)) throw ending.reason;
  }
}

/** Whoever asks may have an id that no library has given. */
function isOverAlready(error: unknown): boolean {
  return (
    error instanceof DrmaaError &&
    ['NOT_FOUND', 'WRONG_STATE', 'DESCRIPTION_INVALID'].includes(error.code)
  );
}
