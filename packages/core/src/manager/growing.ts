/** A buffer of at most this many items outlives its content. */
const KEPT_MAX = 16_384;

/** A typed array that grows; for edges and other things without a number known beforehand. */
export class GrowingUint32 {
  #items: Uint32Array;
  #length = 0;

  constructor(items: Uint32Array = new Uint32Array(0)) {
    this.#items = items;
    this.#length = items.length;
  }

  get length(): number {
    return this.#length;
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

  /** Takes out all that is there. */
  take(): Uint32Array {
    const length = this.#length;
    this.#length = 0;
    // What was made for very many is not kept for the few that come next.
    if (length <= KEPT_MAX) return this.#items.slice(0, length);
    const taken = this.#items.subarray(0, length);
    this.#items = new Uint32Array(0);
    return taken;
  }

  /** Lengthens to `length`, filling with `value`. */
  fillTo(length: number, value: number): void {
    while (this.#length < length) this.push(value);
  }

  /** A copy of what is there. */
  toArray(): Uint32Array {
    return this.#items.slice(0, this.#length);
  }

  #grow(size: number): void {
    const larger = new Uint32Array(size);
    larger.set(this.#items);
    this.#items = larger;
  }
}
