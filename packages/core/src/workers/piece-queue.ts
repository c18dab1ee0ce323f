/**
 * The batches of a run, and which parts of them a worker has: pure bookkeeping. What a worker had and
 * did not do is given to the next one, and nothing that the one before it may have done.
 */
import type { Batch } from './call-run.ts';
import type { Piece } from './worker-messages.ts';

/** What has no inputs or values. */
export const NO_BYTES: Uint8Array = new Uint8Array();

/** A batch, and how much of it was given away; or a fold that is wanted. */
export interface Item {
  readonly batch: Batch;
  readonly isFold: boolean;
  given: number;
}

/** What a worker has of an item. */
export interface Given extends Piece {
  readonly item: Item;
  /** The first of its calls that has no result yet, and how long those before it took. */
  done: number;
  ms: number;
}

/** Calls from one on, some of them without a value. */
interface Told {
  readonly from: number;
  readonly count: number;
  readonly problems: readonly { readonly call: number }[];
}

/** Whether these are the calls that come next. */
export function isNext({ done, to }: Given, { from, count, problems }: Told): boolean {
  const end = from + count;
  return from === done && end <= to && problems.every(({ call }) => call >= from && call < end);
}

/** What is to be done, and what is being done. */
export class PieceQueue {
  readonly #waiting: Item[] = [];
  readonly #given: Given[] = [];
  #pieces = 0;

  /** Nothing waits, and nobody has anything. */
  get isEmpty(): boolean {
    return this.#waiting.length + this.#given.length === 0;
  }

  /** What comes next. */
  get next(): Item | undefined {
    return this.#waiting[0];
  }

  /** What the worker is at. */
  get current(): Given | undefined {
    return this.#given[0];
  }

  /** How many pieces the worker has, the one that it is at among them. */
  get givenCount(): number {
    return this.#given.length;
  }

  /** What the worker has by this number. */
  find(piece: number | undefined): Given | undefined {
    return this.#given.find((given) => given.piece === piece);
  }

  add(batch: Batch): void {
    this.#waiting.push({ batch, isFold: false, given: 0 });
  }

  addFold(number: number): void {
    const none = { first: 0, count: 0, round: 1, data: NO_BYTES } as const;
    const batch = { batch: number, kind: 'calls', ...none } as const;
    this.#waiting.push({ batch, isFold: true, given: 0 });
  }

  /** Takes out those of these batches of which nothing was given away yet. */
  drop(batches: readonly number[]): readonly number[] {
    const isMeant = ({ batch, given, isFold }: Item): boolean =>
      !isFold && given === 0 && batches.includes(batch.batch);
    const dropped = this.#waiting.filter(isMeant).map(({ batch }) => batch.batch);
    const kept = this.#waiting.filter((item) => !isMeant(item));
    this.#waiting.splice(0, this.#waiting.length, ...kept);
    return dropped;
  }

  /** Gives away the next item, or so many of its calls if it has more. */
  give(most: number): Given {
    const item = this.#waiting[0] as Item;
    const { batch, given: from } = item;
    const to = Math.min(batch.count, from + most);
    item.given = to;
    if (to === batch.count) this.#waiting.shift();
    const given = { piece: ++this.#pieces, from, to, item, done: from, ms: 0 };
    this.#given.push(given);
    return given;
  }

  /** The worker is through with what it was at; what it left of it comes next. */
  over(): void {
    const given = this.#given.shift();
    if (given) this.#takeBack(given);
  }

  /** The worker is gone: what it had comes next again. */
  lost(): void {
    for (const given of this.#given.splice(0).reverse()) this.#takeBack(given);
  }

  #takeBack({ item, done, to }: Given): void {
    if (done === to && !item.isFold) return;
    if (this.#waiting[0] !== item) this.#waiting.unshift(item);
    item.given = done;
  }

  /** That is all of this item. */
  conclude(item: Item): void {
    const row = this.#waiting.indexOf(item);
    if (row >= 0) this.#waiting.splice(row, 1);
  }

  /** Takes out all that waits. */
  clear(): readonly Item[] {
    return this.#waiting.splice(0);
  }
}
