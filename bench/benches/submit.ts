/** What it takes until descriptions are safe. */
import { type Bench, measured } from '../harness.ts';
import type { Rounds } from '../rounds.ts';

/** One submit of very many descriptions. */
export function submitBench(rounds: Rounds): Bench {
  return {
    name: 'submit',
    rounds: 5,
    runners: async () => [rounds.runner('submit-alike'), rounds.runner('submit-own')],
    figures: [
      {
        title: 'a million descriptions, all alike, until durable',
        unit: 'µs each',
        target: { below: 5 },
        of: measured('submit-alike', 'micros'),
      },
      {
        title: 'a million with arguments of their own',
        unit: 'µs each',
        target: { below: 5 },
        of: measured('submit-own', 'micros'),
      },
    ],
  };
}
