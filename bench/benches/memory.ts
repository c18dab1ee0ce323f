/** What waits takes room. */
import { type Bench, measured } from '../harness.ts';
import type { Rounds } from '../rounds.ts';

/** The resident memory of a process in which units wait. */
export function memoryBench(rounds: Rounds): Bench {
  return {
    name: 'memory',
    rounds: 3,
    runners: async () => [rounds.runner('pending-in-portions'), rounds.runner('pending-at-once')],
    figures: [
      {
        title: 'a million pending units, submitted in portions, resident',
        unit: 'MB',
        target: { below: 150 },
        of: measured('pending-in-portions', 'after'),
      },
      {
        title: 'the same, right after one submit of all',
        unit: 'MB',
        of: measured('pending-at-once', 'after'),
      },
      { title: 'before any', unit: 'MB', of: measured('pending-at-once', 'before') },
    ],
  };
}
