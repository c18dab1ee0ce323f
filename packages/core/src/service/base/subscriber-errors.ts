/**
 * What the log says of errors of subscribers: it is the user's own code, so that where it has thrown belongs
 * to it; and one slip throws anew for each of a million events, which is not to fill a disk.
 */
import { written } from '../../model/written.ts';
import type { Report } from './guarded-observable.ts';

/** How many errors of one place are written out. */
const WRITTEN = 3;

/** Tells what subscribers throw: the first few of each place, then that they were 10, 100, 1000, and so on. */
export function subscriberErrors(tell: (words: string) => void): Report {
  const counts = new Map<string, number>();
  return (error) => {
    const what = error instanceof Error ? (error.stack ?? error.message) : written(error);
    const place = error instanceof Error ? placeOf(what) : 'no error';
    const count = (counts.get(place) ?? 0) + 1;
    counts.set(place, count);
    const last = count === WRITTEN ? '; from here on it is only counted' : '';
    if (count <= WRITTEN) tell(`a subscriber has thrown ${what}${last}`);
    else if (isRound(count)) tell(`subscribers have thrown ${count} times by now, last ${what}`);
  };
}

/** The line of the code that has thrown; what an error says may be another each time. */
function placeOf(stack: string): string {
  return /^ +at .*$/m.exec(stack)?.[0] ?? '';
}

function isRound(count: number): boolean {
  return Number.isInteger(Math.log10(count));
}
