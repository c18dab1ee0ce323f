/**
 * Takes back what agents hold ahead when another agent is idle, so that the last unit is never
 * left queued behind a long one while a core is free elsewhere.
 */
import type { ClassQueue } from './class-queue.ts';
import type { AgentPlace } from './places.ts';
import { standingOf } from './standing.ts';
import { STATE } from './state-numbers.ts';
import { columnsOf } from './unit-columns.ts';
import type { WorkEffect } from './work-events.ts';
import type { WorkState } from './work-state.ts';

/** What would start within this time where it is, is not worth the round trips. */
const WORTH_MS = 10;
/** Up to so many agents, each is looked at as soon as it may be worth it. */
const FEW = 8;

/** What is to be taken back now, and when to look again at what may soon be worth it. */
interface Recalls {
  readonly effects: readonly WorkEffect[];
  readonly lookAgainAt: number;
}

const NONE: Recalls = { effects: [], lookAgainAt: Number.POSITIVE_INFINITY };

/**
 * The recalls that the present idleness asks for; each place has one under way at most. `open` holds
 * at least those of the live places that have a core free.
 */
export function recalls(
  state: WorkState,
  open: ReadonlySet<AgentPlace>,
  live: ReadonlySet<AgentPlace>,
  now: number,
): Recalls {
  if (live.size < 2) return NONE;
  const slowest = slowestMs(state);
  let lookAgainAt = Number.POSITIVE_INFINITY;
  const holders: AgentPlace[] = [];
  for (const place of live) {
    if (!place.overbooked || isRecalling(state, place)) continue;
    forgetFuture(place, now);
    const at = worthLookingAt(place, slowest, live.size);
    if (now < at) lookAgainAt = Math.min(lookAgainAt, at);
    else {
      place.lookedAt = now;
      holders.push(place);
    }
  }
  if (holders.length === 0) return { effects: [], lookAgainAt };
  const idlers = idlersOf(state, open, now);
  if (idlers.length === 0) return NONE;
  const effects: WorkEffect[] = [];
  const takers = new Takers(idlers, now, pauseMs(live.size));
  for (const holder of holders) {
    if (takers.haveNothing(state.templates.classes.length)) break;
    const { units, doubtful } = spare(state, holder, takers, now);
    if (doubtful) lookAgainAt = Math.min(lookAgainAt, holder.progressAt + WORTH_MS);
    if (units.length === 0) continue;
    holder.recalled = columnsOf(state, units);
    effects.push({ type: 'recall', agentId: holder.record.agentId, ...holder.recalled });
  }
  return { effects, lookAgainAt };
}

/** A place with free slots, and what holds the others. */
interface Idler {
  readonly place: AgentPlace;
  readonly holding: AgentPlace;
}

function idlersOf(state: WorkState, open: ReadonlySet<AgentPlace>, now: number): Idler[] {
  const waiting = state.templates.waiting();
  const idlers: Idler[] = [];
  for (const place of open) {
    if (place.bookedCores >= place.capacity.cores && !place.overbooked) continue;
    const { holding } = standingOf(state, place);
    if (holding.bookedCores >= place.capacity.cores) continue;
    // A place that something waits for although there is room is kept free on purpose.
    if (waiting.some((requests) => place.takes(requests, now) && holding.room(requests) > 0))
      continue;
    idlers.push({ place, holding });
  }
  return idlers;
}

/**
 * From when on it is worth walking through what a place holds. If all of that should be over in a moment,
 * not before the place has reported no end for a moment; and if there are many places, only now and then,
 * and all at the same times. (Walking through each place at each of its reports took 500 µs a unit, with
 * 200 agents and units without a process.)
 */
function worthLookingAt(place: AgentPlace, slowestMs: number, count: number): number {
  if ((slowestMs * place.bookedCores) / place.capacity.cores >= WORTH_MS) return 0;
  const at = place.progressAt + WORTH_MS;
  if (count <= FEW) return at;
  const pause = pauseMs(count);
  return Math.ceil(Math.max(at, place.lookedAt + pause) / pause) * pause;
}

/** How long to wait between two looks at agents whose units are quick, if there are so many agents. */
function pauseMs(count: number): number {
  return WORTH_MS * Math.max(1, count / FEW);
}

/** The clock may have been set back: what has happened must not seem to be still to come. */
function forgetFuture(place: AgentPlace, now: number): void {
  place.progressAt = Math.min(place.progressAt, now);
  place.lookedAt = Math.min(place.lookedAt, now);
}

/** How long a unit takes at the most, by the means of their classes. */
function slowestMs({ templates }: WorkState): number {
  let slowest = 0;
  for (const { meanMs = Number.POSITIVE_INFINITY } of templates.classes) {
    if (meanMs > slowest) slowest = meanMs;
  }
  return slowest;
}

/** Whether some of what was recalled is neither back nor known to have started. */
export function isRecalling(state: WorkState, place: AgentPlace): boolean {
  if (place.recalled === undefined) return false;
  const { units, attempts } = place.recalled;
  const open = units.some(
    (unit, row) =>
      state.attempt(unit) === attempts[row] && state.units.state(unit) === STATE.Scheduled,
  );
  if (!open) place.recalled = undefined;
  return open;
}

/**
 * Who could take units of which class. What is taken only leaves less: who has no more for a class is
 * never asked for it again, else a thousand idle agents would be for each of very many units.
 */
class Takers {
  readonly #idlers: readonly Idler[];
  readonly #now: number;
  readonly #pause: number;
  /** By class, those that may have a slot for its units, in reverse: the next to be asked is at the end. */
  readonly #open = new Map<ClassQueue, Idler[]>();
  #exhausted = 0;

  constructor(idlers: readonly Idler[], now: number, pause: number) {
    this.#idlers = idlers;
    this.#now = now;
    this.#pause = pause;
  }

  /** Whether nobody has anything left for any of so many classes. */
  haveNothing(classes: number): boolean {
    return this.#exhausted === classes;
  }

  /** The first, except for the holder, that has a slot now or will have one before the next look. */
  find(requests: ClassQueue, holder: AgentPlace): Idler | undefined {
    const open = this.#openFor(requests);
    for (let i = open.length - 1; i >= 0; i--) {
      const idler = open[i] as Idler;
      if (this.#room(idler, requests) === 0) {
        open.splice(i, 1);
        if (open.length === 0) this.#exhausted++;
      } else if (idler.place !== holder) return idler;
    }
    return undefined;
  }

  #openFor(requests: ClassQueue): Idler[] {
    let open = this.#open.get(requests);
    if (open === undefined) {
      open = this.#idlers.filter(({ place }) => place.takes(requests, this.#now)).reverse();
      this.#open.set(requests, open);
      if (open.length === 0) this.#exhausted++;
    }
    return open;
  }

  #room({ holding }: Idler, requests: ClassQueue): number {
    // Of quick units a core can do many before the next look: with one unit a core and look it would be idle.
    return requests.meanMs === undefined
      ? holding.room(requests)
      : holding.roomAhead(requests, this.#pause);
  }
}

/**
 * The newest units that wait at the holder and that others could take. Those that would start there
 * within a moment by what is known of run times are left alone, as long as the holder gets on: what is
 * known may be of others.
 */
function spare(
  state: WorkState,
  holder: AgentPlace,
  takers: Takers,
  now: number,
): { units: number[]; doubtful: boolean } {
  const units: number[] = [];
  const isStuck = now - holder.progressAt >= WORTH_MS;
  let doubtful = false;
  for (const [unit, waitMs] of waitsOf(state, holder)) {
    const { requests } = state.template(unit);
    const idler = takers.find(requests, holder);
    if (idler === undefined) continue;
    if (waitMs < WORTH_MS && !isStuck) {
      doubtful = true;
      continue;
    }
    idler.holding.book(unit, requests);
    units.push(unit);
  }
  return { units, doubtful };
}

/** What waits at a place until older units have ended, newest first, each with how long that will take. */
function waitsOf(state: WorkState, place: AgentPlace): [unit: number, waitMs: number][] {
  const { waiting } = standingOf(state, place);
  const isWaiting = new Set(waiting);
  const waits: [number, number][] = [];
  let coreMs = 0;
  for (const unit of state.boundTo(place)) {
    const { requests } = state.template(unit);
    const isScheduled = state.units.state(unit) === STATE.Scheduled;
    if (isScheduled && isWaiting.has(unit)) waits.push([unit, coreMs / place.capacity.cores]);
    coreMs += requests.request.cores * (requests.meanMs ?? Number.POSITIVE_INFINITY);
  }
  return waits.reverse();
}
