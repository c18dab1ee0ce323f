import { describe, expect, it } from 'vitest';
import { SpanSet, stretchesOf } from '../../src/maps/spans.ts';

/** A number below `most`, another one each time, the same in each run. */
function numbers(seed: number): (most: number) => number {
  let state = seed;
  return (most) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % most;
  };
}

const callsOf = (spans: readonly { first: number; count: number }[]) =>
  spans.flatMap(({ first, count }) => Array.from({ length: count }, (_, i) => first + i));

describe('a set of spans', () => {
  it('is what a plain set would be, and never has two that touch', () => {
    const next = numbers(7);
    const most = 60;
    const set = new SpanSet();
    const plain = new Set<number>();
    for (let step = 0; step < 1000; step++) {
      const from = next(most);
      const to = from + next(9);
      const what = next(5);
      if (what < 2) {
        set.add(from, to);
        for (let call = from; call < to; call++) plain.add(call);
      } else if (what < 4) {
        set.delete(from, to);
        for (let call = from; call < to; call++) plain.delete(call);
      } else if (plain.size > 0) {
        for (const call of callsOf([set.shift(1 + next(4))])) {
          expect(call).toBe(Math.min(...plain));
          plain.delete(call);
        }
      }
      const all = set.within(0, most + 10);
      expect(callsOf(all)).toEqual([...plain].sort((a, b) => a - b));
      expect(all.every(({ first }, i) => i === 0 || !plain.has(first - 1))).toBe(true);
      expect(set.count).toBe(plain.size);
      expect(set.first).toBe(plain.size === 0 ? undefined : Math.min(...plain));
      const inside = [...plain].filter((call) => call >= from && call < to);
      expect(set.countIn(from, to)).toBe(inside.length);
      expect(callsOf(set.missing(from, to)).length).toBe(to - from - inside.length);
      expect(set.has(from)).toBe(plain.has(from));
      expect(plain.has(set.firstMissing)).toBe(false);
    }
  });

  it('finds stretches in a list', () => {
    expect(stretchesOf([1, 2, 3, 7, 9, 10])).toEqual([
      { first: 1, count: 3 },
      { first: 7, count: 1 },
      { first: 9, count: 2 },
    ]);
  });
});
