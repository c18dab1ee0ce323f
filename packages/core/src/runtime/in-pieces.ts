/** Bytes cut into parts, each for a message of its own. */

/** Far less than a message may have, and so little that others soon have their turn. */
const PIECE_BYTES = 1024 * 1024;

/** The same bytes, not copied, none at all for none. */
export function* inPieces(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    yield bytes.subarray(at, at + PIECE_BYTES);
  }
}
