/**
 * Which calls a result log says are done: stretches of consecutive indexes, without gaps or overlaps,
 * each with where its values are; and what their inputs were.
 */

import type { Place } from './value-file.ts';

/** Calls in the log, as they were appended. */
export interface SpanRecord {
  readonly first: number;
  readonly count: number;
  /** Where their values are: a list, in which theirs begin after so many others. */
  readonly values: Place;
  readonly skip: number;
  readonly digests: Float64Array;
  /** Those that failed, counted from the first, and where it says why. */
  readonly failed?: Uint32Array;
  readonly reasons?: Place;
}

/** What is kept of a record; the digests of all are together. */
type Kept = Omit<SpanRecord, 'digests'> & { readonly digestsAt: number };

/** Consecutive calls that are done and whose results are in one place; one that failed is alone. */
export interface RestoredSpan {
  readonly first: number;
  readonly count: number;
  readonly isFailed: boolean;
}

/** A span, with the record that it is of. */
export interface PlacedSpan extends RestoredSpan {
  readonly record: Omit<SpanRecord, 'digests'>;
}

interface Piece extends PlacedSpan {
  readonly record: Kept;
  readonly order: number;
}

/** The calls that are done, in order of their indexes. */
export class RestoredSpans {
  #pieces: readonly Piece[];
  readonly #digests: Float64Array;

  /** @param records in the order in which they were appended: where a call is done twice, a value counts, else the later */
  constructor(records: Iterable<SpanRecord>) {
    const pieces: Piece[] = [];
    let digests = new Float64Array(1024);
    let digestsAt = 0;
    let order = 0;
    for (const { digests: own, ...record } of records) {
      while (digestsAt + own.length > digests.length) digests = doubled(digests);
      digests.set(own, digestsAt);
      addPieces(pieces, { ...record, digestsAt }, order++);
      digestsAt += own.length;
    }
    this.#pieces = withoutOverlaps(pieces);
    this.#digests = digests;
  }

  /** From now on, calls that have failed are not done. */
  forgetFailures(): void {
    this.#pieces = this.#pieces.filter(({ isFailed }) => !isFailed);
  }

  /** The span that has the call of this index, or else the next one after it. */
  from(index: number): PlacedSpan | undefined {
    return this.#pieces[this.#search(index)];
  }

  /** Whether this is the digest of the call's input; undefined of a call that is not done. */
  isSameInput(index: number, digest: number): boolean | undefined {
    const piece = this.#pieces[this.#search(index)];
    if (!piece || piece.first > index) return undefined;
    const { digestsAt, first } = piece.record;
    return this.#digests[digestsAt + index - first] === digest;
  }

  /** All of them. */
  [Symbol.iterator](): Iterator<PlacedSpan> {
    return this.#pieces[Symbol.iterator]();
  }

  /** The place of the first piece that ends after this index. */
  #search(index: number): number {
    let low = 0;
    let high = this.#pieces.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const { first, count } = this.#pieces[middle] as Piece;
      if (first + count > index) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

function doubled(array: Float64Array): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(2 * array.length);
  larger.set(array);
  return larger;
}

function addPieces(pieces: Piece[], record: Kept, order: number): void {
  let from = 0;
  const close = (to: number): void => {
    const first = record.first + from;
    if (to > from) pieces.push({ first, count: to - from, isFailed: false, record, order });
  };
  for (const call of record.failed ?? []) {
    close(call);
    pieces.push({ first: record.first + call, count: 1, isFailed: true, record, order });
    from = call + 1;
  }
  close(record.count);
}

/** A call that had failed may have been done later; nothing else is there twice. */
function withoutOverlaps(pieces: Piece[]): Piece[] {
  const later = (a: Piece, b: Piece) =>
    Number(a.isFailed) - Number(b.isFailed) || b.order - a.order;
  pieces.sort((a, b) => a.first - b.first || later(a, b));
  const kept: Piece[] = [];
  let end = 0;
  for (const piece of pieces) {
    const first = Math.max(piece.first, end);
    const pieceEnd = piece.first + piece.count;
    if (first >= pieceEnd) continue;
    kept.push(first === piece.first ? piece : { ...piece, first, count: pieceEnd - first });
    end = pieceEnd;
  }
  return kept;
}
