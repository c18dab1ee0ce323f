import { describe, expect, it } from 'vitest';
import { valueDigest as digest } from '../../src/runtime/value-digest.ts';

describe('digests of values', () => {
  it('tell values apart, small ones and large', () => {
    const values = [
      ...Array.from({ length: 100_000 }, (_, i) => i),
      ...Array.from({ length: 100_000 }, (_, i) => i / 7 + 1e6),
      ...Array.from({ length: 1000 }, (_, i) => 'x'.repeat(i)),
      ...Array.from({ length: 100 }, (_, i) => new Uint8Array(2000).fill(1, i, i + 1)),
      ...['a', 'b', null, undefined, true, false, [], {}, [[]], { a: 1 }, { b: 1 }, { a: 2 }],
    ];
    expect(new Set(values.map(digest)).size).toBe(values.length);
  });

  it('are the same in any process, and exact in a double', () => {
    expect(digest({ some: ['value', 1] })).toBe(digest({ some: ['value', 1] }));
    expect(Number.isSafeInteger(digest('x'.repeat(10)))).toBe(true);
    expect(digest(1)).toMatchInlineSnapshot(`6624196102546183`);
    expect(digest('x'.repeat(5000))).toMatchInlineSnapshot(`202114542775533`);
  });
});
