/**
 * Records as bytes: msgpack with record shapes and typed arrays. What one append() holds is encoded
 * by itself, so that a frame can be read without those before it (and because the encoder's
 * `sequential` mode throws on its second shape, seen with msgpackr 2.1.3).
 */

import { Packr, RESET_BUFFER_MODE, Unpackr } from 'msgpackr';

/** Encodings from this size on are handed over; smaller ones are cheaper to copy. */
export const LARGE_BYTES = 64 * 1024;
const SCRATCH_BYTES = 2 * LARGE_BYTES;

const packr = new Packr({ moreTypes: true, useRecords: true });
const unpackr = new Unpackr({ moreTypes: true, useRecords: true });

/**
 * The bytes of a value. They are the caller's to keep from {@link LARGE_BYTES} on; smaller ones lie
 * in a buffer that the next encoding overwrites, and must be copied at once.
 */
export function encode(value: unknown): Uint8Array {
  const bytes = packr.pack(value, RESET_BUFFER_MODE);
  // The encoder never lets go of a buffer that has grown, and would overwrite it.
  if (bytes.length >= LARGE_BYTES) packr.useBuffer(Buffer.allocUnsafeSlow(SCRATCH_BYTES));
  return bytes;
}

/** The values that were encoded one after the other into `bytes`. */
export function decodeAll(bytes: Uint8Array): unknown[] {
  return unpackr.unpackMultiple(bytes) as unknown[];
}
