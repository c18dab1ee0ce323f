/**
 * What is to become durable in one step: encoded records, gathered into one frame. Small ones are
 * copied together, large ones are kept where they are.
 */

import { LARGE_BYTES } from './codec.ts';
import { type Crc32, encodeFrameHeader, FRAME_HEADER_BYTES, frameCheck } from './record-format.ts';

/** Large enough that a busy journal rarely needs a second one, small enough to keep. */
const BLOCK_BYTES = 4 * LARGE_BYTES;

/** Gathers the payload of a frame; used again and again. */
export class Batch {
  /** Kept for the next frame; begins with room for a frame's header. */
  readonly #first = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  /** What precedes the block that is being filled. */
  #parts: Uint8Array[] = [];
  #block = this.#first;
  #from = 0;
  #to = FRAME_HEADER_BYTES;
  #payloadBytes = 0;

  /** Bytes that were added. */
  get payloadBytes(): number {
    return this.#payloadBytes;
  }

  /** Adds what `encode()` returned. */
  add(encoded: Uint8Array): void {
    this.#payloadBytes += encoded.length;
    if (encoded.length >= LARGE_BYTES) {
      this.#closePart();
      this.#parts.push(encoded);
      return;
    }
    if (this.#to + encoded.length > this.#block.length) {
      this.#closePart();
      this.#block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
      this.#from = this.#to = 0;
    }
    this.#block.set(encoded, this.#to);
    this.#to += encoded.length;
  }

  /** The frame's bytes, in order; they hold until {@link clear}. */
  seal(sequence: number, salt: number, crc: Crc32): Uint8Array[] {
    this.#closePart();
    const [head, ...rest] = this.#parts as [Uint8Array, ...Uint8Array[]];
    const frame = { length: this.#payloadBytes, sequence };
    const payload = [head.subarray(FRAME_HEADER_BYTES), ...rest];
    encodeFrameHeader(head, { ...frame, check: frameCheck(frame, payload, salt, crc) });
    return this.#parts;
  }

  /** Empties it. */
  clear(): void {
    this.#parts = [];
    this.#block = this.#first;
    this.#from = 0;
    this.#to = FRAME_HEADER_BYTES;
    this.#payloadBytes = 0;
  }

  #closePart(): void {
    if (this.#to > this.#from) this.#parts.push(this.#block.subarray(this.#from, this.#to));
    this.#from = this.#to;
  }
}
