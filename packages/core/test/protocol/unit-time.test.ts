import { describe, expect, it } from 'vitest';
import { GRACE_MS, limitFor, ownLimit, unitTime } from '../../src/protocol/unit-time.ts';

const MINUTE_MS = 60_000;
const LENGTHS = [1, 15_000, 45_000, 47_000, 49_000, 68_000, 3_600_000, 14_400_000, 864_000_000];

describe('the time of units', () => {
  it.each([1_000, 10_000, 20_000, 40_000, 3_600_000])(
    'of a limit of %d ms ends before a kill',
    (ms) => {
      const { untilMs, graceMs } = unitTime(ms, GRACE_MS, true);
      expect(untilMs).toBeGreaterThanOrEqual(ms / 2);
      expect(untilMs + graceMs).toBeLessThan(ms);
    },
  );

  it('is all of a limit at which nobody kills', () => {
    expect(unitTime(10_000, GRACE_MS, false)).toEqual({ untilMs: 10_000, graceMs: GRACE_MS });
  });

  it.each(LENGTHS)('suffices for units of %d ms where the limit is what is advised', (ms) => {
    const limitMs = limitFor(ms);
    expect(limitMs % MINUTE_MS).toBe(0);
    for (const isKilled of [true, false]) {
      const own = isKilled ? ownLimit(limitMs) : limitMs;
      expect(unitTime(own, GRACE_MS, isKilled).untilMs).toBeGreaterThan(ms);
    }
    expect(limitMs - ms).toBeLessThan(3 * MINUTE_MS);
  });
});
