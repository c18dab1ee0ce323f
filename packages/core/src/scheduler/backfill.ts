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
import { dealAhead, fillFreeSlots } from './deal.ts';
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
  readonly priority: number;
  readonly patience: number;
  /** The unit that the count is about; another one at the head starts anew. */
  readonly oldest: number;
  /** Cores of the later units that were bound before it. */
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
    const waiting = round.classes.length > 1 ? round.classes.toSorted(widestFirst) : round.classes;
    for (const requests of waiting) {
      fillFreeSlots(round, requests, this.#open(round.places, requests), (place, count) =>
        this.#countOvertaking(round, requests, place, count),
      );
      if (requests.pending > 0) this.#block(round, requests);
    }
    this.#dealAhead(round, waiting);
  }

  /**
   * A place holds nothing ahead that would take the slots of what is to go first, nor what is wider
   * than those that will come free: it would sit there while it could run elsewhere.
   */
  #dealAhead(round: Round, waiting: readonly RequestClass[]): void {
    let places = round.places;
    for (const requests of waiting) {
      if (requests.pending === 0) continue;
      const { cores } = requests.request;
      const open = this.#open(places, requests).filter(({ narrowest }) => cores <= narrowest);
      dealAhead(round, requests, open, (place, count) =>
        this.#countOvertaking(round, requests, place, count),
      );
      if (requests.pending === 0 || waiting.length === 1) continue;
      places = places.filter((place) => !round.possible(requests, place));
      if (places.length === 0) return;
    }
  }

  /** Without those that are kept for another class. */
  #open(places: readonly Place[], { id, priority }: RequestClass): readonly Place[] {
    if (this.#blocked.size === 0) return places;
    return places.filter((place) => {
      const keeper = this.#keeperOf(place);
      return keeper === undefined || keeper[0] === id || keeper[1].priority < priority;
    });
  }

  #block(round: Round, requests: RequestClass): void {
    // With one class alone nothing can overtake: spare the book-keeping.
    if (round.classes.length === 1 && this.#blocked.size === 0) return;
    const { id, oldest, priority } = requests;
    const known = this.#blocked.get(id);
    if (known?.oldest === oldest || !round.possibleSomewhere(requests)) return;
    if (known !== undefined) this.#next(id, requests, known);
    else {
      const patience = this.#patience;
      this.#blocked.set(id, { oldest, priority, patience, overtaken: 0, place: undefined });
    }
  }

  #countOvertaking(round: Round, passing: RequestClass, place: Place, count: number): void {
    if (this.#blocked.size === 0) return;
    const { oldest, priority, request } = passing;
    for (const waiting of round.classes) {
      const blocked = this.#blocked.get(waiting.id);
      if (blocked === undefined || waiting === passing || waiting.priority < priority) continue;
      const isNarrower = request.cores < waiting.request.cores;
      if ((oldest < blocked.oldest && !isNarrower) || !round.possible(waiting, place)) continue;
      blocked.overtaken += (count * request.cores) / (isNarrower ? 1 : LENIENCY);
      blocked.place ??= this.#placeToKeep(round, waiting, blocked);
    }
  }

  /** The emptiest place that could hold the unit, if patience with the others is at an end. */
  #placeToKeep(round: Round, waiting: RequestClass, blocked: Blocked): Place | undefined {
    let best: Place | undefined;
    for (const place of round.places) {
      if (blocked.overtaken < blocked.patience * place.capacity.cores) continue;
      if (this.#keeperOf(place) !== undefined || !round.possible(waiting, place)) continue;
      if (best === undefined || freeCores(place) > freeCores(best)) best = place;
    }
    return best;
  }

  #keeperOf({ id }: Place): [requests: number, blocked: Blocked] | undefined {
    for (const entry of this.#blocked) if (entry[1].place?.id === id) return entry;
    return undefined;
  }

  /**
   * What was bound, canceled or has no more units is blocked no longer. A place that is gone, or
   * ends too soon by now, is kept no longer: the next best one will be.
   */
  #forgetSettled(round: Round): void {
    const waiting = new Map(round.classes.map((requests) => [requests.id, requests]));
    for (const [id, blocked] of this.#blocked) {
      const requests = waiting.get(id);
      if (requests === undefined) this.#blocked.delete(id);
      else if (requests.oldest !== blocked.oldest) this.#next(id, requests, blocked);
      else if (blocked.place && !round.possible(requests, blocked.place)) blocked.place = undefined;
    }
  }

  /** Another unit of the class is the oldest. */
  #next(id: number, { oldest, priority }: RequestClass, { place, patience }: Blocked): void {
    this.#blocked.set(id, {
      oldest,
      priority,
      patience: place ? Math.min(2 * patience, PATIENCE_MAX) : patience,
      overtaken: 0,
      place: undefined,
    });
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
