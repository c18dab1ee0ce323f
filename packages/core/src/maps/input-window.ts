/**
 * How many inputs may be read: a bounded number of them, and of bytes, is between what was read and what
 * the consumer has taken, so that inputs without end and a consumer without haste need bounded memory.
 */
import { CallBytes } from './call-bytes.ts';
import type { MapRules, Span } from './map-events.ts';
import { SpanSet } from './spans.ts';

/** How many inputs are read while nobody knows yet how large they are. */
const FIRST_READ = 16;
/** Where results have no order, reading may be so many windows ahead of a call that takes long. */
const STRAGGLER_WINDOWS = 64;
/** While there is something to do, no less than this fraction of the window is read at a time. */
const SHARE = 8;

export class InputWindow {
  readonly #bytes = new CallBytes();
  readonly #rules: MapRules;
  /** What the consumer has taken; of a reduce, what was folded. */
  readonly #taken = new SpanSet();
  /** Results that are on disk: neither they nor their inputs take memory. */
  readonly #restored = new SpanSet();
  #read = 0;
  #isOver = false;
  #asked = 0;
  #held = 0;
  #resultsHeld = 0;
  #inputBytes = 0;
  #results = 0;
  #resultBytes = 0;

  constructor(rules: MapRules) {
    this.#rules = rules;
  }

  /** All inputs were read. */
  get isOver(): boolean {
    return this.#isOver;
  }

  inputs(sizes: readonly number[]): void {
    this.#asked = Math.max(0, this.#asked - sizes.length);
    for (const size of sizes) {
      const call = this.#read++;
      this.#inputBytes += size;
      if (this.#restored.count > 0 && this.#restored.has(call)) continue;
      this.#held += size;
      this.#bytes.set(call, size);
    }
  }

  over(): void {
    this.#isOver = true;
  }

  restored({ first, count }: Span): void {
    this.#restored.add(first, first + count);
  }

  /** Results have come in the place of inputs. */
  results({ first, count }: Span, bytes: number): void {
    const share = Math.ceil(bytes / Math.max(1, count));
    this.#results += count;
    this.#resultBytes += bytes;
    this.#resultsHeld += share * count;
    for (let call = first; call < first + count; call++) {
      this.#held += share - this.#bytes.set(call, share);
    }
  }

  taken({ first, count }: Span): void {
    for (const span of this.#taken.missing(first, first + count)) {
      const bytes = this.#bytes.sum(span.first, span.first + span.count);
      this.#held -= bytes;
      if (!this.#rules.isReduce) this.#resultsHeld -= bytes;
    }
    this.#taken.add(first, first + count);
    if (!this.#rules.isReduce) this.#bytes.forget(this.#taken.firstMissing);
  }

  /** Of a reduce: what was folded is lost, and its inputs are wanted again. */
  untaken(calls: SpanSet): void {
    for (const { first, count } of calls.within(0, this.#read)) {
      this.#taken.delete(first, first + count);
      this.#held += this.#bytes.sum(first, first + count);
    }
  }

  /** How many calls from that one on have no more than so many bytes; at least one. */
  fitting(first: number, most: number, bytes: number): number {
    return this.#bytes.fitting(first, most, bytes);
  }

  /** Whether so many more calls may be under way, as far as their results can be foreseen. */
  hasRoomFor(out: number): boolean {
    return this.#resultsHeld + out * this.#resultMean < this.#rules.windowBytes;
  }

  /** How many inputs are to be read now, beside those that were asked for. */
  wanted(todo: number, out: number): number {
    if (this.#isOver) return 0;
    const fitting = this.#fitting(todo + out);
    const room = Math.min(this.#room(), fitting.left) - this.#asked;
    const isWorthIt =
      todo + out + this.#asked === 0 ||
      room * SHARE >= Math.min(this.#rules.window, fitting.altogether);
    if (room <= 0 || !isWorthIt) return 0;
    this.#asked += room;
    return room;
  }

  #room(): number {
    const { window, isOrdered, isReduce } = this.#rules;
    const oldest = this.#taken.firstMissing;
    if (oldest >= this.#read) return window;
    const restored = this.#restored.countIn(oldest, this.#read);
    if (isReduce || !isOrdered) {
      const passed = this.#read - oldest - restored;
      const taken = this.#taken.count - oldest - this.#restoredAndTaken(oldest);
      return Math.min(window - (passed - taken), STRAGGLER_WINDOWS * window - passed);
    }
    return window - (this.#read - oldest - restored);
  }

  #restoredAndTaken(from: number): number {
    let count = 0;
    for (const span of this.#restored.within(from, this.#read)) {
      count += this.#taken.countIn(span.first, span.first + span.count);
    }
    return count;
  }

  /** By bytes, as far as they can be foreseen: how many more calls there may be, and how many in all. */
  #fitting(notDone: number): { left: number; altogether: number } {
    if (this.#read === 0) return { left: FIRST_READ, altogether: FIRST_READ };
    const { windowBytes } = this.#rules;
    const each = Math.max(1, this.#inputBytes / this.#read + this.#resultMean);
    const left = windowBytes - this.#held - notDone * this.#resultMean;
    return { left: Math.ceil(left / each), altogether: windowBytes / each };
  }

  get #resultMean(): number {
    return this.#results === 0 ? 0 : this.#resultBytes / this.#results;
  }
}
