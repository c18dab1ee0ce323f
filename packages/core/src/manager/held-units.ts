/** What an agent that comes back says it holds, against what the state has bound or promised there. */
import type { HeldUnits, UnitColumns } from '../protocol/messages.ts';
import type { AgentPlace } from './places.ts';
import type { WorkState } from './work-state.ts';

/** The phase of an attempt that has ended, and whose report is about to be repeated. */
const OVER = 2;

/** What an agent holds that says nothing. */
export const NOTHING_HELD: HeldUnits = {
  units: new Uint32Array(0),
  attempts: new Uint16Array(0),
  phases: new Uint8Array(0),
};

/** Units that are bound to a place or promised to it. */
export function allAt(state: WorkState, place: AgentPlace): readonly number[] {
  return [...state.boundTo(place), ...state.promised.at(place)];
}

/** Units that the state has at a place and that its agent does not hold: it never heard of them. */
export function unheardAt(
  state: WorkState,
  place: AgentPlace,
  { units, attempts }: HeldUnits,
): readonly number[] {
  const heard = new Set(units.filter((unit, row) => attempts[row] === state.attempt(unit)));
  return allAt(state, place).filter((unit) => !heard.has(unit));
}

/** Attempts that the agent has not ended and that count no longer: they must not run beside those that do. */
export function strangersAt(
  state: WorkState,
  place: AgentPlace,
  { units, attempts, phases }: HeldUnits,
): UnitColumns {
  const isStranger = (unit: number, row: number): boolean =>
    phases[row] !== OVER && !state.isHeld(unit, attempts[row] as number, place);
  return {
    units: units.filter(isStranger),
    attempts: attempts.filter((_, row) => isStranger(units[row] as number, row)),
  };
}
