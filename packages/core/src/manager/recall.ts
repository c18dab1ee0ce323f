/**
 * Takes back what agents hold ahead when another agent is idle, so that the last unit is never
 * left queued behind a long one while a core is free elsewhere.
 */

import type { AgentPlace } from './places.ts';
import { PAGE_MASK, STATE } from './unit-table.ts';
import type { WorkEffect } from './work-events.ts';
import type { WorkState } from './work-state.ts';

/** What would start within this time where it is, is not worth a round trip. */
const WORTH_MS = 50;

/** The recalls that the present idleness asks for; each place has one under way at most. */
export function recalls(state: WorkState, live: readonly AgentPlace[]): WorkEffect[] {
  if (live.length < 2) return [];
  const effects: WorkEffect[] = [];
  const holders = live.filter((place) => place.overbooked && !place.recalling);
  if (holders.length === 0) return [];
  const idle = live.filter((place) => place.bookedCores < place.capacity.cores);
  for (const place of idle) {
    let free = place.capacity.cores - place.bookedCores;
    for (const holder of holders) {
      if (free <= 0) break;
      if (holder.recalling || holder === place) continue;
      const units = spare(state, holder, place, free);
      if (units.length === 0) continue;
      holder.recalling = true;
      effects.push({ type: 'recall', agentId: holder.record.agentId, ...columns(state, units) });
      for (const unit of units) free -= state.template(unit).requests.request.cores;
    }
  }
  return effects;
}

/** The newest units that the holder has not started and the idle place could. */
function spare(state: WorkState, holder: AgentPlace, idle: AgentPlace, free: number): number[] {
  const units: number[] = [];
  let cores = free;
  const bound = state.boundTo(holder);
  let excess = holder.bookedCores - holder.capacity.cores;
  for (let i = bound.length - 1; i >= 0 && cores > 0 && excess > 0; i--) {
    const unit = bound[i] as number;
    if (state.units.state(unit) !== STATE.Scheduled) continue;
    const { requests } = state.template(unit);
    if (requests.request.cores > cores || !idle.possible(requests)) continue;
    const waitMs = ((requests.meanMs ?? Number.POSITIVE_INFINITY) * excess) / holder.capacity.cores;
    if (waitMs < WORTH_MS) return units;
    units.push(unit);
    cores -= requests.request.cores;
    excess -= requests.request.cores;
  }
  return units;
}

/** Units with their present attempts, as messages name them. */
export function columns(
  state: WorkState,
  units: readonly number[],
): { units: Uint32Array; attempts: Uint16Array } {
  const attempts = new Uint16Array(units.length);
  for (let i = 0; i < units.length; i++) {
    const unit = units[i] as number;
    attempts[i] = state.units.page(unit).attempt[unit & PAGE_MASK] as number;
  }
  return { units: Uint32Array.from(units), attempts };
}
