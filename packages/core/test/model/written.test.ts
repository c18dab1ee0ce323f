import { describe, expect, it } from 'vitest';
import { written } from '../../src/model/written.ts';

const circle: { self?: unknown } = {};
circle.self = circle;

describe('written', () => {
  it.each([
    ['10 parsecs', "'10 parsecs'"],
    ['a\0b\n"c"', `'a\\u0000b\\n"c"'`],
    [Number.NaN, 'NaN'],
    [undefined, 'undefined'],
    [null, 'null'],
    [{ a: 1 }, '{"a":1}'],
    [() => 1, 'a function'],
    [1n, 'some bigint'],
    [circle, 'some object'],
    [Symbol('s'), 'Symbol(s)'],
  ])('%o', (value, text) => {
    expect(written(value)).toBe(text);
  });

  it('is cut when it is long', () => {
    expect(written('x'.repeat(1000))).toHaveLength(81);
  });
});
