/**
 * One round of scheduling as the scheduler sees it, and what it bound.
 *
 * Only places that may have changed since they were last found full are offered, so that the cost
 * of a round follows what has happened and not how many agents there are.
 */
import { assert } from '../model/assert.ts';
import type { ResourceRequest } from '../model/resources.ts';
import type { Place, RequestClass, Round } from '../scheduler/scheduler.ts';
import { AHEAD_MS } from './ahead.ts';
import type { ClassQueue } from './class-queue.ts';
import type { AgentPlace } from './places.ts';
import { Precedence } from './precedence.ts';
import { standingOf } from './standing.ts';
import type { WorkState } from './work-state.ts';

/** Units that one round has bound to one place, in order. */
export interface Binding {
  readonly place: AgentPlace;
  readonly units: number[];
}

/** All that a round has bound, in order: what the journal holds. */
interface BoundColumns {
  /** Pairs of place and how many. */
  readonly runs: number[];
  readonly units: number[];
}

export class BindingRound implements Round {
  readonly classes: readonly ClassQueue[];
  readonly places: readonly AgentPlace[];
  readonly bindings = new Map<AgentPlace, Binding>();
  readonly bound: BoundColumns = { runs: [], units: [] };
  readonly #state: WorkState;
  readonly #now: number;
  readonly #aheadMs: number;
  /** Where there are several priorities. */
  readonly #precedence: Precedence | undefined;
  /** What holds slots at places whose units held ahead may be too wide for slots that are free. */
  readonly #holding = new Map<AgentPlace, AgentPlace>();

  constructor(state: WorkState, places: readonly AgentPlace[], now: number, aheadMs = AHEAD_MS) {
    this.#state = state;
    this.#now = now;
    this.#aheadMs = aheadMs;
    this.places = places;
    const waiting = state.templates.waiting();
    this.classes =
      waiting.length > 1
        ? waiting.sort((a, b) => b.priority - a.priority || a.oldest - b.oldest)
        : waiting;
    if (state.templates.hasPriorities) {
      this.#precedence = new Precedence(state, this.classes, now, aheadMs);
    }
  }

  possible(requests: RequestClass, place: Place): boolean {
    return this.#own(place).takes(this.#queue(requests), this.#now);
  }

  possibleSomewhere(requests: RequestClass): boolean {
    const queue = this.#queue(requests);
    return this.#state.places.all.some((place) => place.takes(queue, this.#now));
  }

  room(requests: RequestClass, place: Place): number {
    if (!this.possible(requests, place)) return 0;
    const own = this.#own(place);
    const queue = this.#queue(requests);
    return this.free(own, queue.request).room(queue);
  }

  roomAhead(requests: RequestClass, place: Place): number {
    if (!this.possible(requests, place)) return 0;
    const own = this.#own(place);
    const queue = this.#queue(requests);
    return this.#precedence?.roomAhead(queue, own) ?? own.roomAhead(queue, this.#aheadMs);
  }

  bind(requests: RequestClass, place: Place, count: number): void {
    const own = this.#own(place);
    const queue = this.#queue(requests);
    assert(count <= queue.pending, `${count} units bound of a class of ${queue.pending}`);
    const free = this.room(requests, place);
    const room = Math.max(free, this.roomAhead(requests, place));
    assert(count <= room, `${count} units bound where there is room for ${room}`);
    const holding = this.#holding.get(own);
    let binding = this.bindings.get(own);
    if (binding === undefined) {
      binding = { place: own, units: [] };
      this.bindings.set(own, binding);
    }
    const { runs, units } = this.bound;
    if (runs.at(-2) === own.id) runs[runs.length - 1] = (runs.at(-1) as number) + count;
    else runs.push(own.id, count);
    for (let i = 0; i < count; i++) {
      const unit = queue.shift();
      this.#state.bind(unit, own);
      if (i < free) holding?.book(unit, queue);
      this.#precedence?.bound(unit, queue, own);
      binding.units.push(unit);
      units.push(unit);
    }
  }

  /** The place, or, where units that it holds ahead may hide free slots, the place without them. */
  free(place: AgentPlace, request?: ResourceRequest): AgentPlace {
    // The same answer for all of the round, whatever is learnt of the place meanwhile.
    let holding = this.#holding.get(place);
    if (holding !== undefined) return holding;
    // Of one kind, what waits there leaves no slot that the same could have.
    if (request !== undefined && place.holdsOnly(request)) return place;
    if (!place.isMixed && (!place.overbooked || place.fillsItsCores)) return place;
    holding = standingOf(this.#state, place).holding;
    this.#holding.set(place, holding);
    return holding;
  }

  // A scheduler may hand back any object with the right number: the tables are ours.
  #own(place: Place): AgentPlace {
    return this.#state.places.at(place.id);
  }

  #queue(requests: RequestClass): ClassQueue {
    return this.#state.templates.classes[requests.id] as ClassQueue;
  }
}
