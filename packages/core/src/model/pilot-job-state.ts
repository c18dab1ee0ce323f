/** The states of a pilot job and the moves between them, as data. */

/** In the order of the numbers that tables and journals hold, so only ever append. */
export const PILOT_JOB_STATES = [
  'New',
  'Pending',
  'Running',
  'Suspended',
  'Done',
  'Canceled',
  'Failed',
  'Unknown',
] as const;

/**
 * Where a pilot job is.
 *
 * `Pending`: the resource manager has it. `Running`: its first agent has registered; the resource
 * manager's own word is not enough. `Unknown`: out of touch; the next report decides.
 */
export type PilotJobState = (typeof PILOT_JOB_STATES)[number];

/**
 * Which state may follow which.
 *
 * `Pending` to `Done` is there because a poll may miss what lay between: a jump is allowed rather
 * than a state invented that nobody saw.
 */
export const PILOT_JOB_TRANSITIONS: Readonly<Record<PilotJobState, readonly PilotJobState[]>> = {
  New: ['Pending', 'Canceled', 'Failed'],
  Pending: ['Running', 'Suspended', 'Done', 'Failed', 'Canceled', 'Unknown'],
  Running: ['Suspended', 'Pending', 'Done', 'Failed', 'Canceled', 'Unknown'],
  Suspended: ['Running', 'Pending', 'Done', 'Failed', 'Canceled', 'Unknown'],
  Unknown: ['Pending', 'Running', 'Suspended', 'Done', 'Failed', 'Canceled'],
  Done: [],
  Canceled: [],
  Failed: [],
};

/** Whether nothing follows: `Done`, `Canceled` or `Failed`. */
export function isFinalPilotJobState(state: PilotJobState): boolean {
  return PILOT_JOB_TRANSITIONS[state].length === 0;
}

/** Whether a pilot job in one state may be in the other next. */
export function mayMove(from: PilotJobState, to: PilotJobState): boolean {
  return PILOT_JOB_TRANSITIONS[from].includes(to);
}
