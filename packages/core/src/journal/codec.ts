/**
 * Records as bytes: msgpack with record shapes and typed arrays. What one append() holds is encoded
 * by itself, so that a frame can be read without those before it (and because the encoder's
 * `sequential` mode throws on its second shape, seen with msgpackr 2.1.3).
 */

import { addExtension, Packr, RESET_BUFFER_MODE, Unpackr } from 'msgpackr';

/** Encodings from this size on are handed over; smaller ones are cheaper to copy. */
export const LARGE_BYTES = 64 * 1024;
const SCRATCH_BYTES = 2 * LARGE_BYTES;

const packr = new Packr({ moreTypes: true, useRecords: true });
const unpackr = new Unpackr({ moreTypes: true, useRecords: true });

/** In the order of msgpackr's codes for them. */
const ARRAYS = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
] as const;
/** Up to this size an array is kept within its object, without a buffer of its own. */
const SMALL_BYTES = 64;
const small = new Uint8Array(SMALL_BYTES);
const smallAs = ARRAYS.map((Type) => new Type(small.buffer));

const TYPED_ARRAY = 0x74;
const { slice } = Uint8Array.prototype;

/**
 * Typed arrays, in the form that msgpackr has for them. Its own reader makes three objects for each,
 * and a log of small steps has a dozen for every unit: with this one it is read in two thirds of the
 * time.
 */
addExtension({
  type: TYPED_ARRAY,
  unpack: (data: Uint8Array) => {
    const code = data[0] as number;
    const Type = ARRAYS[code];
    if (Type === undefined) throw new Error(`no typed array has the code ${code}`);
    const bytes = data.length - 1;
    // Aligned, and the reader's to keep.
    if (bytes > SMALL_BYTES) return new Type(slice.call(data, 1).buffer);
    for (let i = 0; i < bytes; i++) small[i] = data[i + 1] as number;
    const from = smallAs[code] as (typeof smallAs)[number];
    const array = new Type(bytes / Type.BYTES_PER_ELEMENT);
    for (let i = 0; i < array.length; i++) array[i] = from[i] as number;
    return array;
  },
});

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
