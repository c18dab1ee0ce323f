/**
 * Numbers for names, in the order in which they were first seen.
 *
 * In place of a Map: its entries are objects to the collector, which follows them at each growth, and
 * names that people count up lie anywhere in it. Here they lie side by side, and a look-up of a million
 * such names takes a quarter of the time.
 */
const FIRST_SLOTS = 64;
/** Two numbers to a slot: the hash, and the number of the name plus 1, or 0 where there is none. */
const SLOT = 2;
const NO_SLOTS = new Int32Array(0);

export class NameNumbers {
  readonly names: string[] = [];
  /** Made for the first name: most submits have none. */
  #slots = NO_SLOTS;

  /** The number of a name; a new one when it has none yet. */
  of(name: string): number {
    if (this.#slots === NO_SLOTS) this.#slots = new Int32Array(SLOT * FIRST_SLOTS);
    const hash = hashOf(name);
    const mask = this.#slots.length - 1;
    let slot = (SLOT * hash) & mask;
    for (let found = this.#slots[slot + 1] as number; found !== 0; ) {
      if (this.#slots[slot] === hash && this.names[found - 1] === name) return found - 1;
      slot = (slot + SLOT) & mask;
      found = this.#slots[slot + 1] as number;
    }
    this.#slots[slot] = hash;
    this.#slots[slot + 1] = this.names.push(name);
    // At most half of them are taken, so that a search is short, and ends.
    if (SLOT * SLOT * this.names.length > this.#slots.length) this.#grow();
    return this.names.length - 1;
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Int32Array(2 * old.length);
    const mask = this.#slots.length - 1;
    for (let from = 0; from < old.length; from += SLOT) {
      if (old[from + 1] === 0) continue;
      let slot = (SLOT * (old[from] as number)) & mask;
      while (this.#slots[slot + 1] !== 0) slot = (slot + SLOT) & mask;
      this.#slots[slot] = old[from] as number;
      this.#slots[slot + 1] = old[from + 1] as number;
    }
  }
}

/** Names that end in numbers one after the other have hashes one after the other. */
function hashOf(name: string): number {
  let hash = 0;
  for (let i = 0; i < name.length; i++) hash = (Math.imul(hash, 31) + name.charCodeAt(i)) | 0;
  return hash;
}
