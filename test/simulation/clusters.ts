/**
 * As many whole clusters as CI has time for, always the same ones, in two files that run side by
 * side; `npm run simulate` is for more. PSTAR_SIM_SEED and PSTAR_SIM_RUNS choose others.
 */
import { describe, expect, it } from 'vitest';
import { type Outcome, simulate } from './simulate.ts';

const SEED = Number(process.env['PSTAR_SIM_SEED'] ?? 1);
const RUNS = Number(process.env['PSTAR_SIM_RUNS'] ?? 10_000) / 2;
const BATCH = 500;

/** The tests of one half. */
export function clusters(half: 1 | 2): void {
  const begin = SEED + (half - 1) * RUNS;
  const outcomes: Outcome[] = [];

  describe('a whole cluster, whatever happens to it', () => {
    for (let first = begin; first < begin + RUNS; first += BATCH) {
      const last = Math.min(first + BATCH, begin + RUNS) - 1;
      it(`keeps what it promises under seeds ${first} to ${last}`, async () => {
        for (let seed = first; seed <= last; seed++) outcomes.push(await simulate(seed));
      }, 300_000);
    }

    it('had trouble', () => {
      const of = (key: keyof Outcome) => outcomes.reduce((sum, each) => sum + each[key], 0);
      expect(outcomes).toHaveLength(RUNS);
      expect(of('units')).toBeGreaterThan(RUNS);
      expect(of('processes')).toBeGreaterThan(RUNS);
      expect(of('deaths')).toBeGreaterThan(RUNS / 2);
    });

    it('is the same every time', async () => {
      expect(await simulate(begin)).toEqual(await simulate(begin));
    });
  });
}
