/** What processes say of themselves: when each began and when it was done, by the machine's monotonic clock. */
import { readFileSync } from 'node:fs';

/** Between two of what is measured alone: what the last one has left behind, an acknowledgement say, is done by then. */
export const PAUSE_MS = 5;

/** The programs that say it, by where they take the time: ceilings/bare.c and ceilings/stamp.c. */
export const STAMPS = ['bare', 'stamp'] as const;

/** Those that could be compiled. */
export type StampPrograms = { readonly [name in (typeof STAMPS)[number]]?: string };

/** Nanoseconds. */
export interface Stamp {
  readonly began: number;
  readonly last: number;
}

/** All that they have appended to a file. */
export function stampsIn(file: string): Stamp[] {
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  return lines.map((line) => {
    const [began, last] = line.split(' ').map(Number) as [number, number];
    return { began, last };
  });
}

/** Of processes that came two and two: from the last act of the first to the beginning of the second. */
export function gapsOfPairs(stamps: readonly Stamp[]): number[] {
  const gaps: number[] = [];
  for (let i = 0; i < stamps.length; i += 2) {
    gaps.push((stamps[i + 1] as Stamp).began - (stamps[i] as Stamp).last);
  }
  return gaps;
}
