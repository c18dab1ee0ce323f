/** The states of work units as tables and packed moves hold them: by number. */
import { mayMove, WORK_UNIT_STATES, type WorkUnitState } from '../model/work-unit-state.ts';

/** The number of each state. */
export const STATE = Object.fromEntries(
  WORK_UNIT_STATES.map((state, number) => [state, number]),
) as Readonly<Record<WorkUnitState, number>>;

/** Whether the table of transitions has a move, by the numbers of the state before it and after it. */
export const MAY_MOVE: readonly (readonly boolean[])[] = WORK_UNIT_STATES.map((from) =>
  WORK_UNIT_STATES.map((to) => mayMove(from, to)),
);

/** Whether nothing follows that state. */
export function isFinal(state: number): boolean {
  return state === STATE.Done || state === STATE.Failed || state === STATE.Canceled;
}
