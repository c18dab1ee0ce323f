/**
 * The widest first, and whatever fits may overtake what does not — up to a limit.
 *
 * Run times are mostly unknown, so a reservation by time, as batch systems make it, has nothing to
 * stand on. Two rules take its place. Among units of equal priority the wider go first: narrow ones
 * fill what they leave, and a place need not be emptied for every one of them. And overtaking is
 * bounded by work: once later units that passed a blocked one hold as much as its patience times a
 * place, that place is kept for it and runs empty until it fits. So nobody waits for more than a
 * bounded amount of later work. Units of a higher priority are not held up by it.
 */
import { type Before, dealAhead, fillFreeSlots } from './deal.ts';
import type { Place, RequestClass, Round, Scheduler } from './scheduler.ts';

/** How many times a place's cores may overtake a unit before the place is kept for it. */
const PATIENCE = 4;
/**
 * Patience doubles, up to this, whenever a place was kept for a unit of the class. Emptying a place costs
 * what it could have run meanwhile, some of its units' run times, and must not cost a tenth of all.
 */
const PATIENCE_MAX = 64;
/** Wider units that came later count so much less: to pass them costs the others more than it helps. */
const LENIENCY = 16;

interface Blocked {
  readonly requests: number;
  readonly priority: number;
  readonly patience: number;
  /** The unit that the count is about; another one at the head starts anew. */
  readonly oldest: number;
  /** Cores of the later units that were bound before it. */
  overtaken: number;
  /** The place that is kept for it. */
  place: Place | undefined;
  /** The last round in which it waited. */
  round: number;
}

export class BackfillScheduler implements Scheduler {
  readonly name = 'backfill';
  readonly #patience: number;
  /** By the class. */
  readonly #blocked = new Map<number, Blocked>();
  /** Whom a place is kept for, by the place. Looked for among all that is blocked, it was nine tenths of a round of 40 classes. */
  readonly #keepers = new Map<number, Blocked>();
  #rounds = 0;
  /** The most cores that a unit which waits in this round wants. */
  #widest = 0;

  constructor(patience = PATIENCE) {
    this.#patience = patience;
  }

  /** {@inheritDoc Scheduler.schedule} */
  schedule(round: Round): void {
    if (this.#blocked.size > 0) this.#forgetSettled(round);
    this.#widest = round.classes.reduce((most, { request }) => Math.max(most, request.cores), 0);
    const waiting = round.classes.length > 1 ? round.classes.toSorted(widestFirst) : round.classes;
    const before: Before = (passing, place, count) =>
      this.#countOvertaking(round, passing, place, count);
    for (const requests of waiting) {
      fillFreeSlots(round, requests, this.#open(round.places, requests), before);
      if (requests.pending > 0) this.#block(round, requests);
    }
    this.#dealAhead(round, waiting, before);
  }

  /**
   * A place holds nothing ahead that would take the slots of what is to go first, nor what is wider
   * than those that will come free: it would sit there while it could run elsewhere.
   */
  #dealAhead(round: Round, waiting: readonly RequestClass[], before: Before): void {
    let places = round.places;
    for (const requests of waiting) {
      if (requests.pending === 0) continue;
      const { cores } = requests.request;
      const open = this.#open(places, requests).filter(({ narrowest }) => cores <= narrowest);
      dealAhead(round, requests, open, before);
      if (requests.pending === 0 || waiting.length === 1) continue;
      places = places.filter((place) => !round.possible(requests, place));
      if (places.length === 0) return;
    }
  }

  /** Without those that are kept for another class. */
  #open(places: readonly Place[], { id, priority }: RequestClass): readonly Place[] {
    if (this.#keepers.size === 0) return places;
    return places.filter((place) => {
      const keeper = this.#keepers.get(place.id);
      return keeper === undefined || keeper.requests === id || keeper.priority < priority;
    });
  }

  #block(round: Round, requests: RequestClass): void {
    // With one class alone nothing can overtake: spare the book-keeping.
    if (round.classes.length === 1 && this.#blocked.size === 0) return;
    const known = this.#blocked.get(requests.id);
    if (known?.oldest === requests.oldest || !round.possibleSomewhere(requests)) return;
    if (known === undefined) this.#begin(requests, this.#patience);
    else this.#next(requests, known);
  }

  #countOvertaking(round: Round, passing: RequestClass, place: Place, count: number): void {
    if (this.#blocked.size === 0) return;
    const { oldest, priority, request } = passing;
    const isWidest = request.cores >= this.#widest;
    for (const waiting of round.classes) {
      if (waiting.priority < priority) return;
      const blocked = this.#blocked.get(waiting.id);
      if (blocked === undefined || waiting === passing) continue;
      // All that follow are later still: of thousands of classes of one width this looks at one.
      const isUnbound = waiting.oldest === blocked.oldest;
      if (isWidest && isUnbound && blocked.oldest > oldest && waiting.priority === priority) return;
      const isNarrower = request.cores < waiting.request.cores;
      if ((oldest < blocked.oldest && !isNarrower) || !round.possible(waiting, place)) continue;
      blocked.overtaken += (count * request.cores) / (isNarrower ? 1 : LENIENCY);
      if (blocked.place === undefined)
        this.#keep(this.#placeToKeep(round, waiting, blocked), blocked);
    }
  }

  /** The emptiest place that could hold the unit, if patience with the others is at an end. */
  #placeToKeep(round: Round, waiting: RequestClass, blocked: Blocked): Place | undefined {
    let best: Place | undefined;
    for (const place of round.places) {
      if (blocked.overtaken < blocked.patience * place.capacity.cores) continue;
      if (this.#keepers.has(place.id) || !round.possible(waiting, place)) continue;
      if (best === undefined || freeCores(place) > freeCores(best)) best = place;
    }
    return best;
  }

  #keep(place: Place | undefined, blocked: Blocked): void {
    blocked.place = place;
    if (place !== undefined) this.#keepers.set(place.id, blocked);
  }

  #keepNoMore(blocked: Blocked): void {
    if (blocked.place !== undefined) this.#keepers.delete(blocked.place.id);
    blocked.place = undefined;
  }

  /**
   * What was bound, canceled or has no more units is blocked no longer. A place that is gone, or
   * ends too soon by now, is kept no longer: the next best one will be.
   */
  #forgetSettled(round: Round): void {
    this.#rounds += 1;
    for (const requests of round.classes) {
      const blocked = this.#blocked.get(requests.id);
      if (blocked === undefined) continue;
      blocked.round = this.#rounds;
      if (requests.oldest !== blocked.oldest) this.#next(requests, blocked);
      else if (blocked.place && !round.possible(requests, blocked.place)) this.#keepNoMore(blocked);
    }
    for (const [id, blocked] of this.#blocked) {
      if (blocked.round === this.#rounds) continue;
      this.#keepNoMore(blocked);
      this.#blocked.delete(id);
    }
  }

  /** Another unit of the class is the oldest. */
  #next(requests: RequestClass, blocked: Blocked): void {
    const { place, patience } = blocked;
    this.#keepNoMore(blocked);
    this.#begin(requests, place ? Math.min(2 * patience, PATIENCE_MAX) : patience);
  }

  #begin({ id, oldest, priority }: RequestClass, patience: number): void {
    const fresh = { overtaken: 0, place: undefined, round: this.#rounds };
    this.#blocked.set(id, { requests: id, oldest, priority, patience, ...fresh });
  }
}

function widestFirst(one: RequestClass, other: RequestClass): number {
  return (
    other.priority - one.priority ||
    other.request.cores - one.request.cores ||
    one.oldest - other.oldest
  );
}

function freeCores({ capacity, bookedCores }: Place): number {
  return capacity.cores - bookedCores;
}
