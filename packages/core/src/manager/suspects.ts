/** Units that may have been the death of the pilot that they were on. */
import type { AgentPlace } from './places.ts';
import { standingOf } from './standing.ts';
import type { WorkState } from './work-state.ts';

/** Of the units at a place those that it had slots for and that are not known to run, oldest first. */
export function mayHaveStarted(state: WorkState, place: AgentPlace): number[] {
  const waiting = new Set(standingOf(state, place).waiting);
  return state.boundTo(place).filter((unit) => !state.hasStarted(unit) && !waiting.has(unit));
}

/**
 * All but the first of the units that may have run on more than one pilot that died. They are kept apart
 * from it: one that kills its pilots must not take the same neighbours along until these have reached the
 * limit, too.
 */
export function suspectsBut(
  state: WorkState,
  place: AgentPlace,
  unheard: readonly number[],
): readonly number[] {
  const suspects = state
    .boundTo(place)
    .filter((unit) => state.hasStarted(unit) || unheard.includes(unit));
  return suspects.filter((unit) => state.deathsBeside(unit) > 0).slice(1);
}
