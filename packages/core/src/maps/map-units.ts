/**
 * The units of a map, each with the batches that it has, and which of them is to be given the next one
 * or could give one back: found without looking at all of them.
 */
import type { Span, UnitNumber } from './map-events.ts';
import { SpanSet } from './spans.ts';

/** Calls that a unit has, or of a reduce a fold: then it has none. */
export interface Batch extends Span {
  readonly batch: number;
  /** Which attempt of each of its calls it is. */
  readonly round: number;
  /** Its calls are tried apart from others. */
  readonly isAlone: boolean;
  readonly isFold: boolean;
  /** The first call that nothing was heard of. */
  next: number;
  /** It was asked back, or is known to have begun. */
  drop: 'none' | 'asked' | 'refused';
}

/** `leaving`: it takes nothing more, and what it still has is not counted on. */
export type MapUnitState = 'pending' | 'ready' | 'leaving';

export class MapUnit {
  readonly unit: UnitNumber;
  attempt = 0;
  state: MapUnitState = 'pending';
  /** In the order in which they are done. */
  batches: Batch[] = [];
  /** Of a reduce: the calls whose results are folded into one there. */
  folded = new SpanSet();
  /** Its fold is to be handed over as the results of that batch. */
  fetching: number | undefined;

  constructor(unit: UnitNumber) {
    this.unit = unit;
  }

  find(batch: number): Batch | undefined {
    return this.batches.find((one) => one.batch === batch);
  }

  /** The last of its batches, if there is one before it, and it was not asked back yet. */
  get spare(): Batch | undefined {
    if (this.batches.length < 2) return undefined;
    for (const { drop } of this.batches) if (drop === 'asked') return undefined;
    const last = this.batches.at(-1);
    return last?.drop === 'none' && !last.isFold ? last : undefined;
  }
}

export class MapUnits {
  readonly #units = new Map<UnitNumber, MapUnit>();
  readonly #pending = new Set<MapUnit>();
  /** Those that take batches, by how many they have. */
  readonly #byBatches: Set<MapUnit>[] = [new Set()];
  readonly #level = new Map<MapUnit, number>();
  /** Those that have something to give back. */
  readonly #spare = new Set<MapUnit>();
  #asked = 0;

  get ready(): number {
    return this.#level.size;
  }

  get pending(): number {
    return this.#pending.size;
  }

  get idle(): number {
    return (this.#byBatches[0] as Set<MapUnit>).size;
  }

  /** Some have a batch that another could have. */
  get hasSpare(): boolean {
    return this.#spare.size > 0;
  }

  /** Batches that were asked back. */
  get asked(): number {
    return this.#asked;
  }

  get(unit: UnitNumber): MapUnit | undefined {
    return this.#units.get(unit);
  }

  all(): IterableIterator<MapUnit> {
    return this.#units.values();
  }

  add(number: UnitNumber): MapUnit {
    const unit = new MapUnit(number);
    this.#units.set(number, unit);
    this.place(unit);
    return unit;
  }

  remove(unit: MapUnit): void {
    this.#units.delete(unit.unit);
    this.#pending.delete(unit);
    this.#unplace(unit);
  }

  /** One that has the fewest batches, and less than so many. */
  neediest(limit: number): MapUnit | undefined {
    for (let level = 0; level < limit && level < this.#byBatches.length; level++) {
      for (const unit of this.#byBatches[level] as Set<MapUnit>) return unit;
    }
    return;
  }

  /** One that has a batch that another could have. */
  richest(): MapUnit | undefined {
    for (const unit of this.#spare) return unit;
    return;
  }

  askBack(unit: MapUnit, batch: Batch): void {
    batch.drop = 'asked';
    this.#asked++;
    this.place(unit);
  }

  /** It is known what becomes of a batch that may have been asked back. */
  answered(batch: Batch, drop: 'none' | 'refused'): void {
    if (batch.drop === 'asked') this.#asked--;
    batch.drop = drop;
  }

  /** To be called whenever state or batches of a unit have changed. */
  place(unit: MapUnit): void {
    if (unit.state === 'pending') this.#pending.add(unit);
    else this.#pending.delete(unit);
    if (unit.state !== 'ready' || unit.fetching !== undefined) {
      this.#unplace(unit);
      return;
    }
    const level = unit.batches.length;
    if (this.#level.get(unit) !== level) {
      this.#unplace(unit);
      while (this.#byBatches.length <= level) this.#byBatches.push(new Set());
      this.#byBatches[level]?.add(unit);
      this.#level.set(unit, level);
    }
    if (unit.spare === undefined) this.#spare.delete(unit);
    else this.#spare.add(unit);
  }

  #unplace(unit: MapUnit): void {
    const level = this.#level.get(unit);
    if (level !== undefined) this.#byBatches[level]?.delete(unit);
    this.#level.delete(unit);
    this.#spare.delete(unit);
  }
}
