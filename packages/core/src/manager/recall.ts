/**
 * Takes back what agents hold ahead when another agent is idle, so that the last unit is never
 * left queued behind a long one while a core is free elsewhere.
 */
import type { UnitColumns } from '../protocol/messages.ts';
import type { ClassQueue } from './class-queue.ts';
import { AgentPlace } from './places.ts';
import { STATE } from './unit-table.ts';
import type { WorkEffect } from './work-events.ts';
import type { WorkState } from './work-state.ts';

/** What would start within this time where it is, is not worth a round trip. */
const WORTH_MS = 50;

/**
 * The recalls that the present idleness asks for; each place has one under way at most. `open` holds
 * at least those of the live places that have a core free.
 */
export function recalls(
  state: WorkState,
  open: ReadonlySet<AgentPlace>,
  live: ReadonlySet<AgentPlace>,
  now: number,
): WorkEffect[] {
  if (live.size < 2) return [];
  const idlers = [...open].filter((place) => place.bookedCores < place.capacity.cores);
  if (idlers.length === 0) return [];
  const slowest = slowestMs(state);
  const holders = [...live].filter((place) => {
    // Else each idle agent looks through all that all others hold, to find nothing: with 200 agents
    // and null units that was nearly all of the manager's time.
    const isWorth = (slowest * place.bookedCores) / place.capacity.cores >= WORTH_MS;
    return isWorth && place.overbooked && !isRecalling(state, place);
  });
  if (holders.length === 0) return [];
  const effects: WorkEffect[] = [];
  const waiting = state.templates.classes.filter((requests) => requests.pending > 0);
  for (const idle of idlers) {
    let free = idle.capacity.cores - idle.bookedCores;
    // A place that something waits for although there is room is kept free on purpose.
    if (waiting.some((requests) => idle.takes(requests, now))) continue;
    for (const holder of holders) {
      if (free <= 0) break;
      if (holder === idle || isRecalling(state, holder)) continue;
      const units = spare(state, holder, idle, free, now);
      if (units.length === 0) continue;
      holder.recalled = columns(state, units);
      effects.push({ type: 'recall', agentId: holder.record.agentId, ...holder.recalled });
      for (const unit of units) free -= state.template(unit).requests.request.cores;
    }
  }
  return effects;
}

/** How long a unit takes at the most that is bound anywhere, by the means of their classes. */
function slowestMs({ templates }: WorkState): number {
  let slowest = 0;
  for (const { meanMs = Number.POSITIVE_INFINITY } of templates.classes) {
    if (meanMs > slowest) slowest = meanMs;
  }
  return slowest;
}

/** Whether some of what was recalled is neither back nor known to have started. */
function isRecalling(state: WorkState, place: AgentPlace): boolean {
  if (place.recalled === undefined) return false;
  const { units, attempts } = place.recalled;
  const open = units.some(
    (unit, row) =>
      state.attempt(unit) === attempts[row] && state.units.state(unit) === STATE.Scheduled,
  );
  if (!open) place.recalled = undefined;
  return open;
}

/** The newest units that the holder has no slot for now and the idle place has. */
function spare(
  state: WorkState,
  holder: AgentPlace,
  idle: AgentPlace,
  free: number,
  now: number,
): number[] {
  const units: number[] = [];
  const room = new Map<ClassQueue, number>();
  let cores = free;
  for (const [unit, coresBefore] of withoutSlots(state, holder)) {
    const { requests } = state.template(unit);
    if (requests.request.cores > cores || !idle.takes(requests, now)) continue;
    const left = room.get(requests) ?? idle.room(requests);
    if (left === 0) continue;
    const meanMs = requests.meanMs ?? Number.POSITIVE_INFINITY;
    if ((meanMs * coresBefore) / holder.capacity.cores < WORTH_MS) continue;
    room.set(requests, left - 1);
    units.push(unit);
    cores -= requests.request.cores;
  }
  return units;
}

/** What waits at a place until older units have ended, newest first, each with how many cores are before it. */
function withoutSlots(
  state: WorkState,
  { id, record }: AgentPlace,
): [unit: number, cores: number][] {
  const filled = new AgentPlace(id, record);
  const waiting: [number, number][] = [];
  let coresBefore = 0;
  for (const unit of state.boundTo(state.places.at(id))) {
    const { requests } = state.template(unit);
    if (filled.room(requests) > 0) filled.book(unit, requests.request);
    else if (state.units.state(unit) === STATE.Scheduled) waiting.push([unit, coresBefore]);
    coresBefore += requests.request.cores;
  }
  return waiting.reverse();
}

/** Units with their present attempts, as messages name them. */
export function columns(state: WorkState, units: readonly number[]): UnitColumns {
  const named = { units: Uint32Array.from(units), attempts: new Uint16Array(units.length) };
  for (let i = 0; i < units.length; i++) named.attempts[i] = state.attempt(units[i] as number);
  return named;
}
