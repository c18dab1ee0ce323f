/**
 * How many calls make a batch: as many as take a while that is long against what a batch costs and
 * short against what waits for it. A batch costs some 50 µs on both sides and, with one ahead, no
 * round trip; but where all cores compute, and the code for it is cold each time, it costs manager and
 * agent half a millisecond each: calls of 10 ms had 94 % of two cores in batches of 30 ms, 97.3 % so.
 */
import type { MapRules } from './map-events.ts';

const AIM_MS = 200;
/** Calls that take so long are worth a unit more. */
const WORTH_MS = 30;
/** Of one batch after the other: what was measured of few says little of many. */
const GROWTH = 8;
const MOST_CALLS = 16_384;
/** What the clocks of workers can tell. */
const LEAST_MS = 1e-4;
/** Batches of each unit at least that what is left is cut into: the last ones are small and end together. */
const ROUNDS = 2;

export class BatchSize {
  readonly #fixed: number | undefined;
  #ms = 0;
  #calls = 0;
  /** The most calls of which it was seen how long they take. */
  #largest = 0;

  constructor(rules: MapRules) {
    this.#fixed = rules.batch === 'auto' ? undefined : rules.batch;
  }

  get isFixed(): boolean {
    return this.#fixed !== undefined;
  }

  /** Milliseconds that a call takes of late; unknown before the first. */
  get meanMs(): number | undefined {
    return this.#calls === 0 ? undefined : Math.max(LEAST_MS, this.#ms / this.#calls);
  }

  /** So many calls took so long. What was measured before counts the longer the more units there are. */
  measured(calls: number, ms: number, units: number): void {
    const kept = 1 - 1 / (4 + 2 * units);
    this.#ms = this.#ms * kept + ms;
    this.#calls = this.#calls * kept + calls;
    this.#largest = Math.max(this.#largest, calls);
  }

  /** Of the next batch, where so many calls are left for so many units. */
  next(left: number, units: number): number {
    if (this.#fixed !== undefined) return this.#fixed;
    const byTime = AIM_MS / (this.meanMs ?? AIM_MS);
    const byGrowth = GROWTH * Math.max(1 / GROWTH, this.#largest);
    const byShare = Math.ceil(left / (ROUNDS * Math.max(1, units)));
    return Math.max(1, Math.floor(Math.min(byTime, byGrowth, byShare, MOST_CALLS)));
  }

  /** How many units have enough to do with so many calls, as far as one can know. */
  unitsFor(calls: number): number {
    if (this.#fixed !== undefined) return Math.ceil(calls / this.#fixed);
    return this.meanMs === undefined ? calls : Math.ceil((calls * this.meanMs) / WORTH_MS);
  }
}
