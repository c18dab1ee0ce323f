/** Units in columns, as messages to agents name them. */
import type { UnitColumns } from '../protocol/messages.ts';
import type { WorkState } from './work-state.ts';

/** Units with their present attempts. Every unit that is started comes by here: a loop takes half the time of `from()`. */
export function columnsOf(state: WorkState, units: readonly number[]): UnitColumns {
  const attempts = new Uint16Array(units.length);
  for (let i = 0; i < units.length; i++) attempts[i] = state.attempt(units[i] as number);
  return { units: new Uint32Array(units), attempts };
}
