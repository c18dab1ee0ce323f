/** What processes say of when they began: one line each, in nanoseconds of the machine's monotonic clock. */
import { readFileSync } from 'node:fs';

/** Between two of what is measured alone: what the last one has left behind, an acknowledgement say, is done by then. */
export const PAUSE_MS = 5;

/** All stamps of a file that ceilings/stamp.c has appended to. */
export function stampsIn(file: string): bigint[] {
  return readFileSync(file, 'utf8').trim().split('\n').map(BigInt);
}

/** Of stamps that came two and two: from the first to the second of each pair, in nanoseconds. */
export function gapsOfPairs(stamps: readonly bigint[]): number[] {
  const gaps: number[] = [];
  for (let i = 0; i < stamps.length; i += 2) {
    gaps.push(Number((stamps[i + 1] as bigint) - (stamps[i] as bigint)));
  }
  return gaps;
}
