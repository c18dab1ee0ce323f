/**
 * A set of calls as stretches of consecutive ones. Calls are sent, done and taken in stretches, so that
 * such a set has a few bounds however many calls are in it.
 */
import type { Span } from './map-events.ts';

/** Consecutive calls of an ascending list as stretches. */
export function stretchesOf(calls: readonly number[]): Span[] {
  const spans: { first: number; count: number }[] = [];
  for (const call of calls) {
    const last = spans.at(-1);
    if (last !== undefined && last.first + last.count === call) last.count++;
    else spans.push({ first: call, count: 1 });
  }
  return spans;
}

export class SpanSet {
  /** Where stretches begin and end, in turn; ascending, and no two touch. */
  readonly #bounds: number[] = [];
  #count = 0;

  /** How many calls are in it. */
  get count(): number {
    return this.#count;
  }

  /** The lowest that is in it. */
  get first(): number | undefined {
    return this.#bounds[0];
  }

  /** The lowest that is not in it. */
  get firstMissing(): number {
    return this.#bounds[0] === 0 ? (this.#bounds[1] as number) : 0;
  }

  has(call: number): boolean {
    return this.#boundsUpTo(call) % 2 === 1;
  }

  /** How many of `[from, to)` are in it. */
  countIn(from: number, to: number): number {
    let count = 0;
    this.#walk(from, to, true, (first, end) => {
      count += end - first;
    });
    return count;
  }

  /** The stretches of `[from, to)` that are in it. */
  within(from: number, to: number): readonly Span[] {
    return this.#parts(from, to, true);
  }

  /** The stretches of `[from, to)` that are not. */
  missing(from: number, to: number): readonly Span[] {
    return this.#parts(from, to, false);
  }

  add(from: number, to: number): void {
    if (from >= to) return;
    const missing = to - from - this.countIn(from, to);
    if (missing === 0) return;
    this.#count += missing;
    // Stretches that touch it become one with it.
    let at = this.#boundsUpTo(from - 1);
    let until = this.#boundsUpTo(to);
    const isWithin = at % 2 === 1;
    const isIntoNext = until % 2 === 1;
    if (isWithin) at--;
    if (isIntoNext) until++;
    const first = isWithin ? (this.#bounds[at] as number) : from;
    const end = isIntoNext ? (this.#bounds[until - 1] as number) : to;
    this.#replace(at, until, [first, end]);
  }

  delete(from: number, to: number): void {
    const present = from < to ? this.countIn(from, to) : 0;
    if (present === 0) return;
    this.#count -= present;
    const at = this.#boundsUpTo(from - 1);
    const until = this.#boundsUpTo(to);
    const rest: number[] = [];
    if (at % 2 === 1) rest.push(from);
    if (until % 2 === 1) rest.push(to);
    this.#replace(at, until, rest);
  }

  /** Takes out the lowest stretch, or its first `most` calls. The caller has seen that there are some. */
  shift(most: number): Span {
    const first = this.#bounds[0] as number;
    const end = Math.min(first + most, this.#bounds[1] as number);
    this.#count -= end - first;
    if (end === this.#bounds[1]) this.#bounds.splice(0, 2);
    else this.#bounds[0] = end;
    return { first, count: end - first };
  }

  clear(): void {
    this.#bounds.length = 0;
    this.#count = 0;
  }

  #replace(at: number, until: number, bounds: readonly number[]): void {
    if (until - at === bounds.length) {
      for (const [i, bound] of bounds.entries()) this.#bounds[at + i] = bound;
    } else {
      this.#bounds.splice(at, until - at, ...bounds);
    }
  }

  /** How many bounds are not above that call: an odd number means that it is within a stretch. */
  #boundsUpTo(call: number): number {
    let low = 0;
    let high = this.#bounds.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#bounds[middle] as number) <= call) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #parts(from: number, to: number, isIn: boolean): Span[] {
    const parts: Span[] = [];
    this.#walk(from, to, isIn, (first, end) => parts.push({ first, count: end - first }));
    return parts;
  }

  #walk(from: number, to: number, isIn: boolean, each: (first: number, end: number) => void): void {
    let at = this.#boundsUpTo(from);
    for (let first = from; first < to; at++) {
      const end = Math.min(to, this.#bounds[at] ?? Number.POSITIVE_INFINITY);
      if ((at % 2 === 1) === isIn) each(first, end);
      first = end;
    }
  }
}
