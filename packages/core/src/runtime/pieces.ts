/** Bytes in several pieces of memory, which are one run of bytes for whoever reads them. */

/**
 * As much of a `Uint8Array` as it takes to send them; nothing is copied until they are joined. Memory that
 * its owner has given away or made smaller meanwhile, as after a canceled call, is zeros from then on:
 * how many bytes there are stays as it was said.
 */
export class Pieces {
  readonly all: readonly Uint8Array[];
  readonly length: number;
  readonly #lengths: readonly number[];

  constructor(all: readonly Uint8Array[]) {
    this.all = all;
    this.#lengths = all.map(({ length }) => length);
    this.length = this.#lengths.reduce((length, more) => length + more, 0);
  }

  subarray(from: number, to: number): Pieces {
    const within: Uint8Array[] = [];
    let at = 0;
    for (let row = 0; row < this.all.length && at < to; row++) {
      const length = this.#lengths[row] as number;
      if (at + length > from && length > 0) {
        within.push(this.#piece(row).subarray(Math.max(0, from - at), Math.min(length, to - at)));
      }
      at += length;
    }
    return new Pieces(within);
  }

  joined(): Buffer {
    return Buffer.concat(
      this.all.map((_, row) => this.#piece(row)),
      this.length,
    );
  }

  #piece(row: number): Uint8Array {
    const piece = this.all[row] as Uint8Array;
    const length = this.#lengths[row] as number;
    return piece.length === length ? piece : new Uint8Array(length);
  }
}

/** Bytes, wherever they are. */
export type Bytes = Uint8Array | Pieces;
