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
    if (this.#length === this.#items.length) {
      const larger = new Uint32Array(Math.max(64, this.#length * 2));
      larger.set(this.#items);
      this.#items = larger;
    }
    this.#items[this.#length] = value;
    return this.#length++;
  }

  /** Lengthens to `length`, filling with `value`. */
  fillTo(length: number, value: number): void {
    while (this.#length < length) this.push(value);
  }

  /** A copy of what is there. */
  toArray(): Uint32Array {
    return this.#items.slice(0, this.#length);
  }
}
