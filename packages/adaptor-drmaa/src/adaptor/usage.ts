/** What a session says of an end, in our words. PURE. */
import type { NativeState } from '@pstar/core/adaptor';
import type { DrmaaJobUsage } from '../drmaa1/usage.ts';
import { DrmaaError, type DrmaaErrorName } from '../errors.ts';

/** What is said of one that never ran. It was taken out of the queue, or could not be started. */
export const ABORTED = 'aborted before it ran';

/** What is said of one where the library says no more than that. Grid Engine's does so now and then. */
export const UNSAID = 'ended, and nothing is said of how';

/** The state of one that is over, by what the session said when it was waited for. */
export function usageState(id: string, usage: DrmaaJobUsage, isCanceled: boolean): NativeState {
  const { exited, exitStatus, signaled, termSignal, aborted } = usage;
  if (isCanceled) return { id, state: 'Canceled', detail: 'ended, as it was asked for' };
  if (exited && exitStatus !== undefined) {
    const detail = `ended with exit code ${exitStatus}`;
    return { id, state: exitStatus === 0 ? 'Done' : 'Failed', detail, exitCode: exitStatus };
  }
  // Grid Engine has run what it has a status of, and calls it aborted when somebody has deleted it.
  if (aborted && usage.usage?.['exit_status'] !== undefined) {
    return { id, state: 'Canceled', detail: 'deleted while it ran' };
  }
  if (signaled && termSignal !== undefined) {
    return { id, state: 'Failed', detail: `ended by ${termSignal}`, signal: termSignal };
  }
  const detail = aborted ? ABORTED : UNSAID;
  return { id, state: aborted ? 'Canceled' : 'Failed', detail };
}

/** Whether the library has said just this. */
export function isRefused(error: unknown, name: DrmaaErrorName): boolean {
  return error instanceof DrmaaError && error.drmaa === name;
}
