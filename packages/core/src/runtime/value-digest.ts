/** Tells values apart by a number, to find out whether a value is the one that there was before. */
import { createHash } from 'node:crypto';
import { encodeValue } from './values.ts';

/** What the engine writes before a value, and changes with its version. */
const PREAMBLE_BYTES = 2;
/** From so many bytes on SHA-256, at 2.5 µs and 1.3 GB/s, is quicker than what is done here, at 0.1 µs and 0.6 GB/s. */
const LARGE_BYTES = 1024;

/** A number as bytes, with what no other value has before them. */
const number = new Float64Array(1);
const ofNumber = new Uint8Array(PREAMBLE_BYTES + 1 + 8);
const ofNumberOnly = ofNumber.subarray(PREAMBLE_BYTES + 1);
const bytesOfNumber = new Uint8Array(number.buffer);

/**
 * A number of 48 bits or more, the same for equal values, in any process. It is no protection against
 * somebody who wants two values to be taken for each other.
 *
 * @throws Error of the engine's that names what cannot be cloned
 */
export function valueDigest(value: unknown): number {
  if (typeof value !== 'number') return bytesDigest(encodeValue(value));
  // To encode one takes ten times as long.
  number[0] = value;
  ofNumberOnly.set(bytesOfNumber);
  return bytesDigest(ofNumber);
}

function bytesDigest(bytes: Uint8Array): number {
  if (bytes.length >= LARGE_BYTES) {
    const hash = createHash('sha256').update(bytes.subarray(PREAMBLE_BYTES)).digest();
    return hash.readUIntBE(0, 6);
  }
  // Two multiplicative hashes, mixed in the end as MurmurHash3 does.
  let a = 0xdeadbeef ^ bytes.length;
  let b = 0x41c6ce57;
  for (let i = PREAMBLE_BYTES; i < bytes.length; i++) {
    const byte = bytes[i] as number;
    a = Math.imul(a ^ byte, 0x9e3779b1);
    b = Math.imul(b ^ byte, 0x5f356495);
  }
  const high = mixed(a, b);
  return (high & 0x1fffff) * 2 ** 32 + (mixed(b, high) >>> 0);
}

function mixed(x: number, y: number): number {
  const z = Math.imul(x ^ (x >>> 16), 0x85ebca6b) ^ Math.imul(y ^ (y >>> 13), 0xc2b2ae35);
  return Math.imul(z ^ (z >>> 16), 0x85ebca6b) ^ (z >>> 13);
}
