/**
 * Moves of units as numbers: sixteen times the unit, and the state that it moves to. Very many that
 * come into being alike are one range of two numbers: a million of them are shown in 1 ms, and one by
 * one in 20, during which nothing else would happen.
 */
import type { GrowingUint32 } from './growing.ts';

/** In place of a state: the next number has how many units from this one on, and their state. */
export const RANGE = 15;

/** One move. */
export function packMove(unit: number, to: number): number {
  return unit * 16 + to;
}

/** New units from one number on, all of which have come to the same state. */
export function pushRange(list: GrowingUint32, first: number, count: number, to: number): void {
  list.push(packMove(first, RANGE));
  list.push(packMove(count, to));
}
