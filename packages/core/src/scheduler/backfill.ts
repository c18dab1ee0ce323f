/**
 * First come, first served, and whatever fits may overtake what does not — up to a limit.
 *
 * Run times are mostly unknown, so a reservation by time, as batch systems make it, has nothing to
 * stand on. Overtaking is bounded by work instead: once units that passed a blocked one hold as
 * much as `patience` times a place, that place is kept for it and runs empty until it fits. So a
 * wide unit waits a bounded amount of other work, and no longer. Units of a higher priority are not
 * held up by it.
 */
import { dealAhead, fillFreeSlots } from './deal.ts';
import type { Place, RequestClass, Round, Scheduler } from './scheduler.ts';

/** How many times a place's cores may overtake a unit before the place is kept for it. */
const PATIENCE = 4;

interface Blocked {
  /** The unit that the count is about; another one at the head starts anew. */
  readonly oldest: number;
  readonly priority: number;
  /** Cores of the units that were bound before it. */
  overtaken: number;
  /** The place that is kept for it. */
  place: Place | undefined;
}

export class BackfillScheduler implements Scheduler {
  readonly name = 'backfill';
  readonly #patience: number;
  /** By the class. */
  readonly #blocked = new Map<number, Blocked>();

  constructor(patience = PATIENCE) {
    this.#patience = patience;
  }

  /** {@inheritDoc Scheduler.schedule} */
  schedule(round: Round): void {
    if (this.#blocked.size > 0) this.#forgetSettled(round);
    const ahead: RequestClass[] = [];
    for (const requests of round.classes) {
      const bound = fillFreeSlots(round, requests, this.#open(round.places, requests));
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
  #open(places: readonly Place[], { id, priority }: RequestClass): readonly Place[] {
    if (this.#blocked.size === 0) return places;
    const kept = new Set<number>();
    for (const [other, blocked] of this.#blocked) {
      if (blocked.place && id !== other && priority <= blocked.priority) kept.add(blocked.place.id);
    }
    return kept.size === 0 ? places : places.filter((place) => !kept.has(place.id));
  }

  #block(round: Round, requests: RequestClass): void {
    // With one class alone nothing can overtake: spare the book-keeping.
    if (round.classes.length === 1 && this.#blocked.size === 0) return;
    const { id, oldest, priority } = requests;
    if (this.#blocked.get(id)?.oldest === oldest || !round.possibleSomewhere(requests)) return;
    this.#blocked.set(id, { oldest, priority, overtaken: 0, place: undefined });
  }

  #countOvertaking(round: Round, passing: RequestClass, count: number): void {
    if (count === 0 || this.#blocked.size === 0) return;
    for (const waiting of round.classes) {
      const blocked = this.#blocked.get(waiting.id);
      if (blocked === undefined || waiting === passing) continue;
      if (waiting.priority < passing.priority) continue;
      blocked.overtaken += count * passing.request.cores;
      blocked.place ??= this.#placeToKeep(round, waiting, blocked.overtaken);
    }
  }

  /** The emptiest place that could hold the unit, if patience with the others is at an end. */
  #placeToKeep(round: Round, waiting: RequestClass, overtaken: number): Place | undefined {
    let best: Place | undefined;
    for (const place of round.places) {
      if (this.#isKept(place) || !round.possible(waiting, place)) continue;
      if (best === undefined || freeCores(place) > freeCores(best)) best = place;
    }
    return best && overtaken >= this.#patience * best.capacity.cores ? best : undefined;
  }

  #isKept({ id }: Place): boolean {
    for (const { place } of this.#blocked.values()) if (place?.id === id) return true;
    return false;
  }

  /**
   * What was bound, canceled or has no more units is blocked no longer. A place that is gone, or
   * ends too soon by now, is kept no longer: the next best one will be.
   */
  #forgetSettled(round: Round): void {
    const waiting = new Map(round.classes.map((requests) => [requests.id, requests]));
    for (const [id, blocked] of this.#blocked) {
      const requests = waiting.get(id);
      if (requests?.oldest !== blocked.oldest) this.#blocked.delete(id);
      else if (blocked.place && !round.possible(requests, blocked.place)) blocked.place = undefined;
    }
  }
}

function freeCores({ capacity, bookedCores }: Place): number {
  return capacity.cores - bookedCores;
}
