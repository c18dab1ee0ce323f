/** What waiting waits for. Pure. */
import type { Drmaa2JobState } from './constants.ts';

/** `started`: it runs, or did. `terminated`: it is over. */
export type Milestone = 'started' | 'terminated';

/** Whether a native job is over: nothing changes its state any more. */
export function isOver(state: Drmaa2JobState): boolean {
  return state === 'DONE' || state === 'FAILED';
}

/** Whether there is nothing to wait for any more. What is over will not start. */
export function hasReached(state: Drmaa2JobState, milestone: Milestone): boolean {
  if (isOver(state)) return true;
  return milestone === 'started' && (state === 'RUNNING' || state === 'SUSPENDED');
}
