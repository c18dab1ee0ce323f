/** Does things together that are asked for while others are done. Knows nothing of ssh. */

/** What is asked for goes into the next batch; there is one at a time. */
export class Batches<T, R> {
  readonly #handle: (items: readonly T[]) => Promise<readonly R[]>;
  #waiting: { readonly item: T; settle(result: Promise<R>): void }[] = [];
  #busy = false;

  /** @param handle gives a result for each of the items, in their order, or rejects for all of them */
  constructor(handle: (items: readonly T[]) => Promise<readonly R[]>) {
    this.#handle = handle;
  }

  add(item: T): Promise<R> {
    return new Promise((resolve) => {
      this.#waiting.push({ item, settle: resolve });
      if (!this.#busy) void this.#work();
    });
  }

  async #work(): Promise<void> {
    this.#busy = true;
    // What is asked for at the same moment goes together.
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      const results = this.#handle(batch.map(({ item }) => item));
      for (const [i, { settle }] of batch.entries()) settle(results.then((all) => all[i] as R));
      await results.catch(() => {});
    }
    this.#busy = false;
  }
}
