/**
 * How many bytes each call of a window has in memory: four bytes for each, in pages that go when the
 * window has passed.
 */

const PAGE = 4096;
const MOST = 2 ** 32 - 1;

export class CallBytes {
  readonly #pages = new Map<number, Uint32Array<ArrayBuffer>>();
  #freed = 0;
  /** The page that was asked for last, which the next call mostly is on as well. */
  #page = new Uint32Array(PAGE);
  #pageFirst = -PAGE;

  /** Says how many there were before. */
  set(call: number, bytes: number): number {
    const page = this.#pageOf(call);
    const before = page[call - this.#pageFirst] as number;
    page[call - this.#pageFirst] = Math.min(MOST, bytes);
    return before;
  }

  sum(from: number, to: number): number {
    let sum = 0;
    for (let call = from; call < to; call++) sum += this.#get(call);
    return sum;
  }

  /** How many calls from the first on, at most `most`, have no more than so many bytes; at least one. */
  fitting(first: number, most: number, bytes: number): number {
    let left = bytes - this.#get(first);
    let count = 1;
    while (count < most) {
      left -= this.#get(first + count);
      if (left < 0) break;
      count++;
    }
    return count;
  }

  /** Calls before that one are not asked about again. */
  forget(before: number): void {
    const kept = Math.floor(before / PAGE);
    for (; this.#freed < kept; this.#freed++) this.#pages.delete(this.#freed);
  }

  #get(call: number): number {
    return this.#pageOf(call)[call - this.#pageFirst] as number;
  }

  #pageOf(call: number): Uint32Array<ArrayBuffer> {
    if (call >= this.#pageFirst && call < this.#pageFirst + PAGE) return this.#page;
    const number = Math.floor(call / PAGE);
    let page = this.#pages.get(number);
    if (page === undefined) {
      page = new Uint32Array(PAGE);
      this.#pages.set(number, page);
    }
    this.#page = page;
    this.#pageFirst = number * PAGE;
    return page;
  }
}
