/** The states of a work unit and the moves between them, as data. */

/** In the order of the numbers that tables and journals hold, so only ever append. */
export const WORK_UNIT_STATES = [
  'New',
  'Waiting',
  'Pending',
  'Scheduled',
  'Running',
  'Done',
  'Canceled',
  'Failed',
  'Unknown',
] as const;

/**
 * Where a work unit is.
 *
 * `Waiting`: it has unfinished dependencies. `Pending`: free to run, not bound. `Scheduled`: bound
 * to a pilot, its inputs staging. `Unknown`: it was asked to cancel, or its agent is out of touch;
 * the next report decides.
 */
export type WorkUnitState = (typeof WORK_UNIT_STATES)[number];

/**
 * Which state may follow which.
 *
 * `Running` to `Pending` is a retry. What an agent holds is canceled by way of `Unknown` only,
 * because until the agent's report nobody knows whether the unit ended first.
 */
export const WORK_UNIT_TRANSITIONS: Readonly<Record<WorkUnitState, readonly WorkUnitState[]>> = {
  New: ['Waiting', 'Pending', 'Canceled'],
  Waiting: ['Pending', 'Canceled', 'Failed'],
  Pending: ['Scheduled', 'Canceled', 'Failed'],
  Scheduled: ['Running', 'Pending', 'Unknown', 'Failed'],
  Running: ['Done', 'Failed', 'Pending', 'Unknown'],
  Unknown: ['Scheduled', 'Running', 'Pending', 'Done', 'Failed', 'Canceled'],
  Done: [],
  Canceled: [],
  Failed: [],
};

/** Whether nothing follows: `Done`, `Canceled` or `Failed`. */
export function isFinalWorkUnitState(state: WorkUnitState): boolean {
  return WORK_UNIT_TRANSITIONS[state].length === 0;
}

/** Whether a work unit in one state may be in the other next. */
export function mayMove(from: WorkUnitState, to: WorkUnitState): boolean {
  return WORK_UNIT_TRANSITIONS[from].includes(to);
}
