/**
 * First come, first served, and whatever fits may overtake what does not — up to a limit.
 *
 * Run times are mostly unknown, so a reservation by time, as batch systems make it, has nothing to
 * stand on. Overtaking is bounded by work instead: once units that passed a blocked one hold as
 * much as `patience` times a place, that place is kept for it and runs empty until it fits. So a
 * wide unit waits a bounded amount of other work, and no longer.
 */
import { dealAhead, fillFreeSlots } from './deal.ts';
import type { Place, RequestClass, Round, Scheduler } from './scheduler.ts';

/** How many times a place's cores may overtake a unit before the place is kept for it. */
const PATIENCE = 4;

interface Blocked {
  /** The unit that the count is about; another one at the head starts anew. */
  readonly oldest: number;
  overtaken: number;
  /** The place that is kept for it. */
  place?: number;
}

export class BackfillScheduler implements Scheduler {
  readonly name = 'backfill';
  readonly #patience: number;
  readonly #blocked = new Map<number, Blocked>();

  constructor(patience = PATIENCE) {
    this.#patience = patience;
  }

  schedule(round: Round): void {
    if (this.#blocked.size > 0) this.#forgetSettled(round);
    const ahead: RequestClass[] = [];
    for (const requests of round.classes) {
      const places = this.#open(round.places, requests);
      const bound = fillFreeSlots(round, requests, places);
      this.#countOvertaking(round, requests, bound);
      if (requests.pending > 0) {
        this.#block(round, requests);
        ahead.push(requests);
      }
    }
    for (const requests of ahead) {
      const bound = dealAhead(round, requests, this.#open(round.places, requests));
      this.#countOvertaking(round, requests, bound);
    }
  }

  /** Without those that are kept for another class. */
  #open(places: readonly Place[], requests: RequestClass): readonly Place[] {
    if (this.#blocked.size === 0) return places;
    const kept = new Set<number>();
    for (const [id, { place }] of this.#blocked) {
      if (place !== undefined && id !== requests.id) kept.add(place);
    }
    return kept.size === 0 ? places : places.filter((place) => !kept.has(place.id));
  }

  #block(round: Round, requests: RequestClass): void {
    // With one class alone nothing can overtake: spare the book-keeping.
    if (round.classes.length === 1 && this.#blocked.size === 0) return;
    if (this.#blocked.get(requests.id)?.oldest === requests.oldest) return;
    if (!round.possibleSomewhere(requests)) return;
    this.#blocked.set(requests.id, { oldest: requests.oldest, overtaken: 0 });
  }

  #countOvertaking(round: Round, passing: RequestClass, count: number): void {
    if (count === 0 || this.#blocked.size === 0) return;
    for (const [id, blocked] of this.#blocked) {
      if (id === passing.id) continue;
      const waiting = round.classes.find((requests) => requests.id === id);
      if (waiting === undefined || waiting.priority < passing.priority) continue;
      blocked.overtaken += count * passing.request.cores;
      if (blocked.place === undefined) this.#keepPlace(round, waiting, blocked);
    }
  }

  /** Keeps the emptiest place that could hold the unit, if patience with the others is at an end. */
  #keepPlace(round: Round, waiting: RequestClass, blocked: Blocked): void {
    let best: Place | undefined;
    for (const place of round.places) {
      if (!round.possible(waiting, place)) continue;
      if (this.#isKept(place)) continue;
      const free = place.capacity.cores - place.bookedCores;
      if (best === undefined || free > best.capacity.cores - best.bookedCores) best = place;
    }
    if (best === undefined) return;
    if (blocked.overtaken >= this.#patience * best.capacity.cores) blocked.place = best.id;
  }

  #isKept(place: Place): boolean {
    for (const { place: kept } of this.#blocked.values()) if (kept === place.id) return true;
    return false;
  }

  /** What was bound, canceled or has no more units is blocked no longer. */
  #forgetSettled(round: Round): void {
    const oldest = new Map(round.classes.map((requests) => [requests.id, requests.oldest]));
    for (const [id, blocked] of this.#blocked) {
      if (oldest.get(id) !== blocked.oldest) this.#blocked.delete(id);
    }
  }
}
