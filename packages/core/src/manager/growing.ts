/** A buffer of at most this many items outlives its content. */
const KEPT_MAX = 16_384;

/** A typed array that grows; for edges and other things without a number known beforehand. */
export class GrowingUint32 {
  #items = new Uint32Array(0);
  #length = 0;
  /** Up to where it has been written to, and so has memory, beyond the items that it holds. */
  #written = 0;

  get length(): number {
    return this.#length;
  }

  /** The array that the items are in; another one once they have outgrown it. */
  get items(): Uint32Array {
    return this.#items;
  }

  /** The item there, which the caller knows to exist. */
  at(index: number): number {
    return this.#items[index] as number;
  }

  set(index: number, value: number): void {
    this.#items[index] = value;
  }

  push(value: number): number {
    if (this.#length === this.#items.length) this.#grow(Math.max(64, this.#length * 2));
    this.#items[this.#length] = value;
    return this.#length++;
  }

  /** Makes room for so many more, so that pushing them copies nothing. */
  reserve(more: number): void {
    const needed = this.#length + more;
    // Not by so many alone: a thousand submits of a few would copy it a thousand times.
    if (needed > this.#items.length) this.#grow(Math.max(needed, this.#length * 2));
  }

  /** As {@link reserve}, and writes to what it makes room for: called a few times ahead, it spreads that cost. */
  prepare(more: number): void {
    const needed = this.#length + more;
    if (needed > this.#items.length) this.#grow(Math.max(needed, this.#items.length * 2));
    // What is not written to yet has no memory.
    this.#items.fill(0, Math.max(this.#written, this.#length), needed);
    this.#written = Math.max(this.#written, needed);
  }

  /** Takes out all that is there. */
  take(): Uint32Array {
    const length = this.#length;
    this.#length = 0;
    // What was made for very many is not kept for the few that come next.
    if (length <= KEPT_MAX) return this.#items.slice(0, length);
    const taken = this.#items.subarray(0, length);
    this.#items = new Uint32Array(0);
    this.#written = 0;
    return taken;
  }

  /** Lengthens to `length`, by items that were written already where there was room. */
  lengthen(length: number): void {
    this.#length = length;
  }

  /** Lengthens to `length`, filling with `value`. */
  fillTo(length: number, value: number): void {
    if (length <= this.#length) return;
    if (length > this.#items.length) this.#grow(Math.max(64, length, this.#length * 2));
    this.#items.fill(value, this.#length, length);
    this.#length = length;
  }

  /** Adds items behind those that are there. */
  append(items: Uint32Array): void {
    this.reserve(items.length);
    this.#items.set(items, this.#length);
    this.#length += items.length;
  }

  /** A copy of what is there, from one index up to before another. */
  slice(from: number, to: number): Uint32Array {
    return this.#items.slice(Math.min(from, this.#length), Math.min(to, this.#length));
  }

  #grow(size: number): void {
    const larger = new Uint32Array(size);
    larger.set(this.#items.subarray(0, Math.max(this.#written, this.#length)));
    this.#items = larger;
  }
}
