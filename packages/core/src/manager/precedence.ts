/**
 * What units of higher priority have before others that agents hold ahead: the next slot, wherever it
 * becomes free. Agents start by priority what they hold, and cannot know what waits elsewhere. So as long
 * as a unit waits to be bound, places that could run it hold nothing lower ahead, and hand back what they
 * have of that; and it waits for the first free slot of all instead of one place's, unless it is over in
 * a moment which that is.
 *
 * All of this costs something only in services with several priorities.
 */
import type { ClassQueue } from './class-queue.ts';
import type { AgentPlace } from './places.ts';
import { isRecalling } from './recall.ts';
import { standingOf } from './standing.ts';
import { STATE } from './state-numbers.ts';
import { columnsOf } from './unit-columns.ts';
import type { WorkEffect } from './work-events.ts';
import type { WorkState } from './work-state.ts';

/** Of the classes that wait to be bound, by priority, the first that a place could run. */
function firstFor(
  place: AgentPlace,
  classes: readonly ClassQueue[],
  now: number,
): ClassQueue | undefined {
  return classes.find((requests) => requests.pending > 0 && place.takes(requests, now));
}

/** A place that holds units beyond its slots, and what waits to be bound and goes before some of them. */
interface Outranked {
  readonly place: AgentPlace;
  readonly by: ClassQueue;
}

/** The live places where that is so; not those that have been asked for some, and have not answered. */
export function outranked(
  state: WorkState,
  live: ReadonlySet<AgentPlace>,
  now: number,
): readonly Outranked[] {
  const { templates, units } = state;
  if (!templates.hasPriorities || units.counts[STATE.Pending] === 0) return [];
  const classes = templates.waiting();
  const highest = classes.reduce(
    (most, { priority }) => Math.max(most, priority),
    Number.NEGATIVE_INFINITY,
  );
  const holding = [...live].filter(
    (place) => place.lowest < highest && place.overbooked && !isRecalling(state, place),
  );
  if (holding.length === 0) return [];
  classes.sort((a, b) => b.priority - a.priority);
  const found: Outranked[] = [];
  for (const place of holding) {
    const by = firstFor(place, classes, now);
    if (by !== undefined && by.priority > place.lowest) found.push({ place, by });
  }
  return found;
}

/** Has places hand back what waits there for slots, and what waits to be bound is to have first. */
export function handBack(
  state: WorkState,
  live: ReadonlySet<AgentPlace>,
  now: number,
): readonly WorkEffect[] {
  return outranked(state, live, now).flatMap(({ place, by }): WorkEffect[] => {
    const units = standingOf(state, place).waiting.filter(
      (unit) =>
        state.units.state(unit) === STATE.Scheduled &&
        state.template(unit).requests.priority < by.priority,
    );
    if (units.length === 0) return [];
    place.recalled = columnsOf(state, units);
    return [{ type: 'recall', agentId: place.record.agentId, ...place.recalled }];
  });
}

/** What places may hold ahead in one round, where there are several priorities. */
export class Precedence {
  readonly #state: WorkState;
  readonly #classes: readonly ClassQueue[];
  readonly #now: number;
  readonly #aheadMs: number;
  readonly #competing = new Map<ClassQueue, boolean>();
  readonly #quick = new Map<AgentPlace, boolean>();
  /** Places without the units that wait there and are lower than a priority. */
  readonly #seen = new Map<AgentPlace, Map<number, AgentPlace>>();

  /** @param classes those that wait, higher priority first */
  constructor(state: WorkState, classes: readonly ClassQueue[], now: number, aheadMs: number) {
    this.#state = state;
    this.#classes = classes;
    this.#now = now;
    this.#aheadMs = aheadMs;
  }

  /** As {@link AgentPlace.roomAhead}: room in which nothing is in the way of what has a higher priority. */
  roomAhead(requests: ClassQueue, place: AgentPlace): number {
    const first = firstFor(place, this.#classes, this.#now);
    if (first !== undefined && first.priority > requests.priority) return 0;
    const room = this.#seenBy(requests, place).roomAhead(requests, this.#aheadMs);
    if (room === 0) return 0;
    return this.#mayWaitAt(place, requests) ? Math.min(room, place.roomLeft) : 0;
  }

  /** A unit has been bound. */
  bound(unit: number, requests: ClassQueue, place: AgentPlace): void {
    this.#quick.delete(place);
    const seen = this.#seen.get(place);
    if (seen === undefined) return;
    for (const [priority, one] of seen) {
      if (priority <= requests.priority) one.book(unit, requests);
    }
  }

  /** The place without what waits there and is lower: the agent starts that afterwards. */
  #seenBy({ priority }: ClassQueue, place: AgentPlace): AgentPlace {
    if (place.lowest >= priority || !place.overbooked) return place;
    const known = this.#seen.get(place) ?? new Map<number, AgentPlace>();
    this.#seen.set(place, known);
    let seen = known.get(priority);
    if (seen === undefined) {
      const { holding, waiting } = standingOf(this.#state, place);
      for (const unit of waiting) {
        const { requests } = this.#state.template(unit);
        if (requests.priority >= priority) holding.book(unit, requests);
      }
      seen = holding;
      known.set(priority, seen);
    }
    return seen;
  }

  /**
   * Whether nobody loses by it that units of a class wait at a place. Where another place could run them,
   * and something lower that it would start instead, they must soon have slots here. Inputs are brought
   * while others run; and units of maps give way only to what waits beside them.
   */
  #mayWaitAt(place: AgentPlace, requests: ClassQueue): boolean {
    if (requests.spec.hasFiles || place.hasMapUnits) return true;
    return !this.#isCompeting(requests) || this.#isQuick(place);
  }

  #isCompeting(requests: ClassQueue): boolean {
    let competes = this.#competing.get(requests);
    if (competes === undefined) {
      const { priority } = requests;
      const places = this.#state.places.all.filter((place) => place.takes(requests, this.#now));
      const lowest = this.#classes.findLast(({ pending }) => pending > 0) ?? requests;
      competes =
        places.length > 1 &&
        (lowest.priority < priority || places.some((place) => place.lowest < priority));
      this.#competing.set(requests, competes);
    }
    return competes;
  }

  /** Whether all that is bound to a place is known to be over within the time for which it is supplied. */
  #isQuick(place: AgentPlace): boolean {
    let quick = this.#quick.get(place);
    if (quick === undefined) {
      // By this it is known whether what is booked there still differs.
      if (place.isMixed) standingOf(this.#state, place);
      const units = this.#state.boundTo(place);
      const some = place.isMixed ? units : units.slice(-1);
      quick = some.every((unit) => {
        const { meanMs = Number.POSITIVE_INFINITY } = this.#state.template(unit).requests;
        return meanMs <= this.#aheadMs;
      });
      this.#quick.set(place, quick);
    }
    return quick;
  }
}
