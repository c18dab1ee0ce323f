import { expect, it } from 'vitest';
import { NameNumbers } from '../../src/manager/name-numbers.ts';

it('gives each name the number that it had at first, however many there are', () => {
  const numbers = new NameNumbers();
  // 'Aa' and 'BB' have one hash, and so has whatever follows them.
  const names = Array.from({ length: 2_000 }, (_, i) => [`u${i}`, `Aa${i}`, `BB${i}`]).flat();
  expect(names.map((name) => numbers.of(name))).toEqual(names.map((_, number) => number));
  for (const [number, name] of names.entries()) expect(numbers.of(name)).toBe(number);
  expect(numbers.names).toEqual(names);
  expect(numbers.of('')).toBe(names.length);
});
