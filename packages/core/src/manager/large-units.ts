/** Units that no agent can be told of: an older version has taken them, and they end where they would be sent. */
import { FAILURE_REASONS } from '../model/exit.ts';
import type { EndedColumns } from '../protocol/messages.ts';
import type { Binding } from './binding-round.ts';
import { columnsOf } from './unit-columns.ts';
import type { WorkEvent } from './work-events.ts';
import type { WorkState } from './work-state.ts';

const REASON = FAILURE_REASONS.indexOf('DESCRIPTION_INVALID');

/** A binding without those, and what ends them; nothing where there are none. */
export function withoutLarge(
  state: WorkState,
  binding: Binding,
  now: number,
): { readonly binding: Binding; readonly ended?: WorkEvent } {
  if (!state.templates.hasLarge) return { binding };
  const { place, units } = binding;
  const isLarge = (unit: number): boolean => state.template(unit).largeness !== undefined;
  const large = units.filter(isLarge);
  if (large.length === 0) return { binding };
  return {
    binding: { place, units: units.filter((unit) => !isLarge(unit)) },
    ended: { type: 'reported', place: place.id, at: now, ended: endOf(state, large, now) },
  };
}

/** As the agent would report it, had it been told. */
function endOf(state: WorkState, units: readonly number[], now: number): EndedColumns {
  const { length } = units;
  return {
    ...columnsOf(state, units),
    exitCodes: new Int16Array(length).fill(-1),
    signals: new Uint8Array(length),
    reasons: new Uint8Array(length).fill(REASON),
    terminated: new Uint8Array(length),
    startedAt: new Float64Array(length).fill(now),
    finishedAt: new Float64Array(length).fill(now),
    userTime: new Float32Array(length),
    systemTime: new Float32Array(length),
    maxRss: new Uint32Array(length),
    details: units.map((unit, row) => [row, state.template(unit).largeness?.message ?? '', '']),
  };
}
