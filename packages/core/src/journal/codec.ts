/**
 * Records as bytes: msgpack with record shapes and typed arrays. What one append() holds is encoded
 * by itself, so that a frame can be read without those before it (and because the encoder's
 * `sequential` mode throws on its second shape, seen with msgpackr 2.1.3).
 */

import { Packr, RESET_BUFFER_MODE, Unpackr } from 'msgpackr';
import { addTypedArrays, savedByRuns } from '../runtime/typed-arrays.ts';

/** Encodings from this size on are handed over; smaller ones are cheaper to copy. */
export const LARGE_BYTES = 64 * 1024;
const SCRATCH_BYTES = 2 * LARGE_BYTES;
/** From so many bytes on, values are decoded one at a time: a million descriptions at once take half a second. */
const MANY_BYTES = 256 * 1024;

const packr = new Packr({ moreTypes: true, useRecords: true });
const unpackr = new Unpackr({ moreTypes: true, useRecords: true });

addTypedArrays();

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

/** What was encoded. */
export interface Encoded {
  readonly bytes: Uint8Array;
  /** How many bytes it would be without runs: how much there was to encode. */
  readonly weight: number;
}

/**
 * A quarter of what runs have saved counts where a log is weighed against a snapshot: so a log of units
 * that are alike is read in half a second. When all of it counted, snapshots took a quarter of the time
 * of units without a process.
 */
const SAVED_SHARE = 4;

/** How many bytes an encoding counts for where a log is weighed against a snapshot. */
export function readingBytes({ bytes, weight }: Encoded): number {
  return bytes.length + Math.floor((weight - bytes.length) / SAVED_SHARE);
}

/** The same as {@link encode}, weighed. */
export function encodeWeighed(value: unknown): Encoded {
  const before = savedByRuns();
  const bytes = encode(value);
  return { bytes, weight: bytes.length + savedByRuns() - before };
}

/** The values that were encoded one after the other into `bytes`. */
export function decodeAll(bytes: Uint8Array): unknown[] {
  return unpackr.unpackMultiple(bytes) as unknown[];
}

/** The same; of many, each is decoded when its turn comes. */
export function* decodeInTurn(bytes: Uint8Array): Generator<unknown> {
  if (bytes.length < MANY_BYTES) {
    yield* decodeAll(bytes);
    return;
  }
  for (let at = 0; at < bytes.length; ) {
    let first: unknown;
    let end = 0;
    unpackr.unpackMultiple(bytes.subarray(at), (value, _from, to) => {
      first = value;
      end = to as number;
      return false;
    });
    at += end;
    yield first;
  }
}
