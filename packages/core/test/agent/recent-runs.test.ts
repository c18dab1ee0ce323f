import { describe, expect, it } from 'vitest';
import { RecentRuns } from '../../src/agent/recent-runs.ts';

const LINE = ['stdout'] as const;

describe('RecentRuns', () => {
  it('knows the keys of the last 32,768 runs that have written anything', () => {
    const recent = new RecentRuns();
    for (let unit = 0; unit < 40_000; unit++) {
      recent.add({ unit, key: unit + 1 }, LINE);
      recent.add({ unit: 100_000 + unit, key: 100_001 + unit });
    }
    const oldest = 40_000 - 32_768;
    expect(recent.of(oldest - 1, 'stdout')).toBe('not-kept');
    expect(recent.of(oldest, 'stdout')).toEqual({ key: oldest + 1 });
    expect(recent.of(39_999, 'stdout')).toEqual({ key: 40_000 });
    expect(recent.of(39_999, 'stderr')).toBe('empty');
    expect(recent.of(100_001, 'stdout')).toBe('empty');
    expect(recent.of(1_000_000, 'stdout')).toBe('empty');
  });

  it('takes the last run of a unit, also where the table has begun anew', () => {
    const recent = new RecentRuns();
    recent.add({ unit: 7, key: 1 }, LINE);
    for (let i = 0; i < 32_766; i++) recent.add({ unit: 8, key: 2 }, LINE);
    recent.add({ unit: 7, key: 3 }, LINE);
    expect(recent.of(7, 'stdout')).toEqual({ key: 3 });
    recent.add({ unit: 7, key: 4 }, LINE);
    expect(recent.of(7, 'stdout')).toEqual({ key: 4 });
    recent.add({ unit: 7, key: 5 });
    expect(recent.of(7, 'stdout')).toBe('empty');
  });
});
