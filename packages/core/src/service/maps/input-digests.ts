/** The digests of inputs whose calls are not over: read in order, taken in any. */

const PAGE = 4096;

/** Consecutive inputs, and how many of them are still to come or to be taken. */
interface Page {
  readonly digests: Float64Array;
  left: number;
}

/** Digests by the index of the input. */
export class InputDigests {
  readonly #pages = new Map<number, Page>();
  /** The page that is being filled. */
  #page: Page | undefined;
  #read = 0;

  /** How many inputs there were. */
  get read(): number {
    return this.#read;
  }

  /** That of the next input; undefined where nobody will ask for it. */
  add(digest: number | undefined): void {
    const at = this.#read % PAGE;
    if (at === 0 || this.#page === undefined) {
      this.#page = { digests: new Float64Array(PAGE), left: PAGE };
      this.#pages.set(this.#read - at, this.#page);
    }
    this.#read++;
    if (digest !== undefined) this.#page.digests[at] = digest;
    else this.#taken(this.#read - 1 - at, this.#page, 1);
  }

  /** Those of calls that are over now. */
  take(first: number, count: number): Float64Array {
    const taken = new Float64Array(count);
    for (let done = 0; done < count; ) {
      const at = (first + done) % PAGE;
      const size = Math.min(PAGE - at, count - done);
      const begin = first + done - at;
      const page = this.#pages.get(begin);
      if (page) {
        taken.set(page.digests.subarray(at, at + size), done);
        this.#taken(begin, page, size);
      }
      done += size;
    }
    return taken;
  }

  #taken(begin: number, page: Page, count: number): void {
    page.left -= count;
    if (page.left === 0) this.#pages.delete(begin);
  }
}
