/** What a message of results comes to: which of them count, which are tried again, which came for nothing. */
import type { MapEffect, MapInput, Span } from './map-events.ts';
import type { Batch } from './map-units.ts';
import { SpanSet, stretchesOf } from './spans.ts';

export class ResultParts {
  readonly input: Extract<MapInput, { readonly type: 'results' }>;
  /** How many of these calls nothing was heard of before. */
  fresh = 0;
  /** Calls that have failed for good. */
  final: readonly number[] = [];
  /** Calls that have failed, and are to be tried again. */
  again: readonly number[] = [];
  /** Calls of which one has ended the worker, nobody knows which. */
  suspects: readonly number[] = [];
  readonly #kept = new SpanSet();

  constructor(input: Extract<MapInput, { readonly type: 'results' }>) {
    this.input = input;
  }

  /** The calls that have a result. */
  succeeded(): readonly Span[] {
    const { span, failed, suspects } = this.input;
    const calls = new SpanSet();
    calls.add(span.first, span.first + span.count);
    for (const bad of [failed, suspects]) leaveOut(calls, bad);
    return calls.within(span.first, span.first + span.count);
  }

  /** Of a batch that nobody waits for: what nobody else has done yet. Failures are not held against anybody. */
  keepSucceeded(done: SpanSet): void {
    for (const { first, count } of this.succeeded()) this.#keep(first, first + count, done);
  }

  /** Of a batch that is under way: what it says for the first time. */
  judge(batch: Batch, retries: number, done: SpanSet): void {
    const { span, failed, suspects } = this.input;
    const from = Math.max(span.first, batch.next);
    const to = Math.min(span.first + span.count, batch.first + batch.count);
    this.fresh = Math.max(0, to - from);
    if (this.fresh === 0) return;
    this.#keep(from, to, done);
    if (failed.length + suspects.length === 0) return;
    const isNew = (call: number) => this.#kept.has(call);
    // The only one there is has done it.
    const isFound = suspects.length === 1;
    const bad = (isFound ? [...failed, ...suspects].sort((a, b) => a - b) : failed).filter(isNew);
    if (batch.round > retries) this.final = bad;
    else this.again = bad;
    this.suspects = isFound ? [] : suspects.filter(isNew);
    leaveOut(this.#kept, this.again);
    leaveOut(this.#kept, this.suspects);
  }

  /** What counts. */
  kept(): readonly Span[] {
    const { first, count } = this.input.span;
    return this.#kept.within(first, first + count);
  }

  /** Says what is to be done with all of it. */
  emit(effects: MapEffect[]): void {
    const { unit, attempt, batch, span, isLast } = this.input;
    const common = { unit, attempt, batch };
    const end = span.first + span.count;
    const before = effects.length;
    const kept = this.kept();
    let first = span.first;
    for (const one of [...kept, { first: end, count: 0 }]) {
      if (one.first > first) {
        const none = { first, count: one.first - first };
        effects.push({ type: 'discard', ...common, span: none, isLast: false });
      }
      first = one.first + one.count;
      if (one.count === 0) continue;
      const failed =
        kept.length === 1
          ? this.final
          : this.final.filter((call) => call >= one.first && call < first);
      effects.push({ type: 'accept', ...common, span: one, isLast: false, failed });
    }
    if (!isLast) return;
    const last = effects.length > before ? effects.pop() : undefined;
    if (last === undefined) effects.push({ type: 'discard', ...common, span, isLast });
    else effects.push({ ...last, isLast } as MapEffect);
  }

  #keep(from: number, to: number, done: SpanSet): void {
    for (const { first, count } of done.missing(from, to)) this.#kept.add(first, first + count);
  }
}

function leaveOut(set: SpanSet, calls: readonly number[]): void {
  for (const { first, count } of stretchesOf(calls)) set.delete(first, first + count);
}
