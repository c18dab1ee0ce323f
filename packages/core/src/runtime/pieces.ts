/** Bytes in several pieces of memory, which are one run of bytes for whoever reads them. */

/** As much of a `Uint8Array` as it takes to send them; nothing is copied until they are joined. */
export class Pieces {
  readonly all: readonly Uint8Array[];
  readonly length: number;

  constructor(all: readonly Uint8Array[]) {
    this.all = all;
    this.length = all.reduce((length, piece) => length + piece.length, 0);
  }

  subarray(from: number, to: number): Pieces {
    const within: Uint8Array[] = [];
    let at = 0;
    for (const piece of this.all) {
      const part = piece.subarray(Math.max(0, from - at), Math.max(0, to - at));
      if (part.length > 0) within.push(part);
      at += piece.length;
    }
    return new Pieces(within);
  }

  joined(): Buffer {
    return Buffer.concat(this.all, this.length);
  }
}

/** Bytes, wherever they are. */
export type Bytes = Uint8Array | Pieces;
