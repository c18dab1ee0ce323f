/**
 * The tree of a reduce. Each unit folds the results of its calls into one. A fold that its unit is about to
 * lose, or has when all calls are over, is fetched, kept by the caller, and given to another unit, which
 * combines it with its own. Few are kept at a time, as they may be large. A fold that is kept survives its
 * unit, and also the unit that it is given to; when any other is lost, so are the results of its calls.
 */
import type { MapEffect } from './map-events.ts';
import type { MapUnit, MapUnits } from './map-units.ts';
import { SpanSet } from './spans.ts';

/** Folds that may be on their way at once: one comes while another is combined. */
const MOST_KEPT = 2;

interface Fold {
  readonly batch: number;
  readonly calls: SpanSet;
  /** `coming` from its unit, `kept`, or `given` to one that has not combined it yet. */
  state: 'coming' | 'kept' | 'given';
}

export class Folds {
  readonly #units: MapUnits;
  readonly #emit: (effect: MapEffect) => void;
  readonly #nextBatch: () => number;
  readonly #folds = new Map<number, Fold>();

  constructor(units: MapUnits, emit: (effect: MapEffect) => void, nextBatch: () => number) {
    this.#units = units;
    this.#emit = emit;
    this.#nextBatch = nextBatch;
  }

  /** Folds that have left their units or are about to. */
  get count(): number {
    return this.#folds.size;
  }

  /** Has a unit hand over what it has folded; again, if that was asked before. */
  fetch(unit: MapUnit): void {
    if (unit.fetching === undefined) {
      unit.fetching = this.#nextBatch();
      const { fetching: batch } = unit;
      this.#folds.set(batch, { batch, calls: new SpanSet(), state: 'coming' });
      this.#units.place(unit);
    }
    const { unit: number, attempt, fetching: batch } = unit;
    this.#emit({ type: 'fetch-fold', unit: number, attempt, batch });
  }

  /** A unit has handed over what it had folded. */
  fetched(unit: MapUnit): void {
    const fold = this.#get(unit.fetching as number);
    fold.state = 'kept';
    addAll(fold.calls, unit.folded);
    unit.folded.clear();
    unit.fetching = undefined;
    this.#units.place(unit);
  }

  /** What a unit was to hand over is lost, with it or with its worker. */
  gone(unit: MapUnit): void {
    if (unit.fetching !== undefined) this.#folds.delete(unit.fetching);
    unit.fetching = undefined;
    this.#units.place(unit);
  }

  /** What was given to a unit is there no longer: it never came, or was lost with it, unless it was combined. */
  returned(batch: number): void {
    const fold = this.#folds.get(batch);
    if (fold !== undefined) fold.state = 'kept';
  }

  /** A unit has combined what it was given with its own. */
  combined(unit: MapUnit, batch: number): void {
    addAll(unit.folded, this.#get(batch).calls);
    this.#folds.delete(batch);
    this.#emit({ type: 'forget-fold', batch });
  }

  /** While there are calls: what is kept goes to the unit that has the least to do. */
  pass(): void {
    for (const fold of this.#folds.values()) {
      if (fold.state !== 'kept') continue;
      const unit = this.#units.neediest(Number.POSITIVE_INFINITY);
      if (unit !== undefined) this.#give(unit, fold);
    }
  }

  /** When all calls are over: combines all that there is. Says which is the last one, `none` where there is none at all. */
  gather(): number | 'none' | undefined {
    const holders = [...this.#units.all()].filter(
      ({ state, folded, fetching }) =>
        state === 'ready' && folded.count > 0 && fetching === undefined,
    );
    const idle = holders.filter(({ batches }) => batches.length === 0);
    if (holders.length === 0 && this.#folds.size < 2) {
      const [last] = this.#folds.values();
      if (last === undefined) return 'none';
      return last.state === 'kept' ? last.batch : undefined;
    }
    for (const fold of this.#folds.values()) {
      if (fold.state !== 'kept') continue;
      const unit = idle.shift() ?? (holders.length === 0 ? this.#units.neediest(1) : undefined);
      if (unit !== undefined) this.#give(unit, fold);
    }
    const isComing = [...this.#folds.values()].some(({ state }) => state !== 'given');
    const [source] = idle;
    if (source !== undefined && !isComing && this.#folds.size < MOST_KEPT) this.fetch(source);
    return;
  }

  #give(unit: MapUnit, fold: Fold): void {
    const { batch } = fold;
    fold.state = 'given';
    const common = { round: 1, isAlone: false, isFold: true, drop: 'none' } as const;
    unit.batches.push({ batch, first: 0, count: 0, next: 0, ...common });
    this.#units.place(unit);
    this.#emit({ type: 'give-fold', unit: unit.unit, attempt: unit.attempt, batch });
  }

  #get(batch: number): Fold {
    return this.#folds.get(batch) as Fold;
  }
}

function addAll(to: SpanSet, from: SpanSet): void {
  for (const { first, count } of from.within(0, Number.POSITIVE_INFINITY))
    to.add(first, first + count);
}
