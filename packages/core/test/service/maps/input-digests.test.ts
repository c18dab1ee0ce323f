import fc from 'fast-check';
import { expect, it } from 'vitest';
import { InputDigests } from '../../../src/service/maps/input-digests.ts';

it('digests of inputs are there until they are taken, in any order', () => {
  const stretch = fc.record({ count: fc.integer({ min: 1, max: 5000 }), isDone: fc.boolean() });
  fc.assert(
    fc.property(fc.array(stretch, { maxLength: 12 }), fc.func(fc.nat()), (stretches, shuffle) => {
      const digests = new InputDigests();
      const wanted: { first: number; count: number }[] = [];
      for (const { count, isDone } of stretches) {
        if (!isDone) wanted.push({ first: digests.read, count });
        for (let i = 0; i < count; i++) digests.add(isDone ? undefined : digests.read / 7);
      }
      wanted.sort((a, b) => shuffle(a.first) - shuffle(b.first));
      for (const { first, count } of wanted) {
        const expected = Array.from({ length: count }, (_, i) => (first + i) / 7);
        expect(Array.from(digests.take(first, count))).toEqual(expected);
      }
    }),
    { numRuns: 30 },
  );
});
