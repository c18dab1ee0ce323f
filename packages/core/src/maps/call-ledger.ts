/**
 * Which calls are still to be sent and which are over. A call that is neither is in a batch.
 *
 * Calls that have failed, and those of which one has ended its worker, are sent apart from the others:
 * the latter in halves, so that the culprit is found after a few batches, and none of the innocent is
 * counted as having failed.
 */
import type { Span } from './map-events.ts';
import type { Batch } from './map-units.ts';
import { SpanSet, stretchesOf } from './spans.ts';

/** Calls that are to make a batch. */
export interface Stretch extends Span {
  readonly round: number;
  readonly isAlone: boolean;
}

export class CallLedger {
  readonly done = new SpanSet();
  readonly #todo = new SpanSet();
  #alone: Stretch[] = [];
  #aloneCount = 0;
  /** Calls of inputs that were not read yet, which a unit has from an earlier life of the map. */
  readonly #ahead = new SpanSet();
  #read = 0;
  failed = 0;

  get read(): number {
    return this.#read;
  }

  /** Calls that could be sent. */
  get todo(): number {
    return this.#todo.count + this.#aloneCount;
  }

  /** The call that would be sent next. The caller has seen that there is one. */
  get next(): number {
    return this.#alone[0]?.first ?? (this.#todo.first as number);
  }

  /** Inputs were read: their calls are to be sent, unless they are over or under way. */
  inputs(count: number): void {
    const to = this.#read + count;
    for (const { first, count } of this.done.missing(this.#read, to)) {
      this.#todo.add(first, first + count);
    }
    for (const { first, count } of this.#ahead.within(this.#read, to)) {
      this.#todo.delete(first, first + count);
    }
    this.#ahead.delete(this.#read, to);
    this.#read = to;
  }

  /** The next calls to be sent, at most so many. The caller has seen that there are some. */
  take(most: number): Stretch {
    const alone = this.#alone[0];
    if (alone === undefined) {
      const { first, count } = this.#todo.shift(most);
      return { first, count, round: 1, isAlone: false };
    }
    const count = Math.min(most, alone.count);
    this.#aloneCount -= count;
    if (count === alone.count) this.#alone.shift();
    else this.#alone[0] = { ...alone, first: alone.first + count, count: alone.count - count };
    return { ...alone, count };
  }

  /** Calls of a batch, up to that one, are not under way any more: what nothing was heard of is to be sent again. */
  lost(batch: Batch, until: number): void {
    for (const { first, count } of this.done.missing(batch.next, until)) {
      if (batch.isAlone) this.#unshift({ first, count, round: batch.round, isAlone: true });
      else this.#again(first, count);
    }
    batch.next = until;
  }

  /** A unit turned out to have these. Says whether any of them is wanted of it. */
  adopt({ first, count }: Span): boolean {
    const end = first + count;
    const unread = Math.max(first, this.#read);
    const ahead =
      end > unread &&
      end - unread - this.done.countIn(unread, end) - this.#ahead.countIn(unread, end) > 0;
    const wanted = ahead || this.#todo.countIn(first, end) > 0;
    this.#todo.delete(first, end);
    if (ahead) this.#ahead.add(unread, end);
    return wanted;
  }

  /** These have failed, and are tried for the `round`th time. */
  retry(calls: readonly number[], round: number): void {
    for (const { first, count } of stretchesOf(calls)) {
      this.#push({ first, count, round, isAlone: true });
    }
  }

  /** One of these has ended its worker: each half of them goes on its own. */
  suspect(calls: readonly number[], round: number): void {
    for (const { first, count } of stretchesOf(calls)) {
      const half = Math.ceil(count / 2);
      this.#push({ first, count: half, round, isAlone: true });
      if (count > half)
        this.#push({ first: first + half, count: count - half, round, isAlone: true });
    }
  }

  over({ first, count }: Span): void {
    this.done.add(first, first + count);
    // Only what came late is still to be sent.
    if (this.#todo.count > 0) this.#todo.delete(first, first + count);
    if (this.#alone.length > 0) this.#removeAlone(first, first + count);
  }

  /** Results that had counted are lost with the fold that they were in. */
  undo(calls: SpanSet): void {
    for (const { first, count } of calls.within(0, this.#read)) {
      this.done.delete(first, first + count);
      this.#todo.add(first, first + count);
    }
  }

  #again(first: number, count: number): void {
    const end = first + count;
    if (first < this.#read) this.#todo.add(first, Math.min(end, this.#read));
    this.#ahead.delete(first, end);
  }

  #push(stretch: Stretch): void {
    this.#alone.push(stretch);
    this.#aloneCount += stretch.count;
  }

  #unshift(stretch: Stretch): void {
    this.#alone.unshift(stretch);
    this.#aloneCount += stretch.count;
  }

  #removeAlone(from: number, to: number): void {
    if (!this.#alone.some(({ first, count }) => first < to && from < first + count)) return;
    const before = this.#alone;
    this.#alone = [];
    this.#aloneCount = 0;
    for (const stretch of before) {
      const left = new SpanSet();
      left.add(stretch.first, stretch.first + stretch.count);
      left.delete(from, to);
      for (const span of left.within(0, Number.POSITIVE_INFINITY))
        this.#push({ ...stretch, ...span });
    }
  }
}
