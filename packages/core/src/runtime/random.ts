/** The only source of chance. Pure parts take a `() => number` as a parameter instead. */

import { randomBytes, randomInt } from 'node:crypto';

/** The widest range that randomInt() takes. */
const STEPS = 2 ** 48 - 1;

/** A number from 0 up to, but not including, 1. Two processes never walk through the same ones. */
export function randomFraction(): number {
  return randomInt(STEPS) / STEPS;
}

/** Bytes fit to be a key. */
export function randomSecret(bytes: number): Buffer {
  return randomBytes(bytes);
}
