/**
 * As many whole clusters as CI has time for, always the same ones; `pnpm simulate` is for more.
 * PSTAR_SIM_SEED and PSTAR_SIM_RUNS choose others.
 */
import { describe, expect, it } from 'vitest';
import { type Outcome, simulate } from './simulate.ts';

const SEED = Number(process.env['PSTAR_SIM_SEED'] ?? 1);
const RUNS = Number(process.env['PSTAR_SIM_RUNS'] ?? 1200);
const BATCH = 100;

describe('a whole cluster, whatever happens to it', () => {
  const outcomes: Outcome[] = [];

  for (let first = SEED; first < SEED + RUNS; first += BATCH) {
    const last = Math.min(first + BATCH, SEED + RUNS) - 1;
    it(`keeps what it promises under seeds ${first} to ${last}`, async () => {
      for (let seed = first; seed <= last; seed++) outcomes.push(await simulate(seed));
    });
  }

  it('had trouble', () => {
    const of = (key: keyof Outcome) => outcomes.reduce((sum, each) => sum + each[key], 0);
    expect(of('units')).toBeGreaterThan(RUNS);
    expect(of('processes')).toBeGreaterThan(RUNS);
    expect(of('deaths')).toBeGreaterThan(RUNS / 2);
  });

  it('is the same every time', async () => {
    expect(await simulate(SEED)).toEqual(await simulate(SEED));
  });
});
