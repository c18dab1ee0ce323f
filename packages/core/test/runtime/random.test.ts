import { describe, expect, it } from 'vitest';
import { randomFraction, randomSecret } from '../../src/runtime/random.ts';

describe('chance', () => {
  it('gives fractions from 0 up to 1, each another', () => {
    const some = Array.from({ length: 1000 }, randomFraction);
    expect(new Set(some).size).toBe(1000);
    expect(some.every((value) => value >= 0 && value < 1)).toBe(true);
  });

  it('gives secrets of the asked length', () => {
    expect(randomSecret(32)).toHaveLength(32);
    expect(randomSecret(32)).not.toEqual(randomSecret(32));
  });
});
