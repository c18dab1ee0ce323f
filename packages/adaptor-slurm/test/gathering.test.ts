import { expect, it } from 'vitest';
import { Gathering } from '../src/gathering.ts';
import { ManualClock } from './support/clock.ts';

function gathering(quietMs?: number) {
  const clock = new ManualClock();
  const groups: (readonly string[])[] = [];
  const here = new Gathering<string, string>(
    clock,
    (items) => {
      groups.push(items);
      return items.map(async (item) => item.toUpperCase());
    },
    quietMs,
  );
  return { clock, groups, here };
}

it('hands on together what comes at the same moment, by its key', async () => {
  const { clock, groups, here } = gathering();
  const results = [here.add('x', 'a'), here.add('y', 'b'), here.add('x', 'c')];
  expect(groups).toEqual([]);
  clock.advance(10);
  expect(groups).toEqual([['b'], ['a', 'c']]);
  expect(await Promise.all(results)).toEqual(['A', 'B', 'C']);
});

it('waits for what keeps coming, and not for ever', () => {
  const { clock, groups, here } = gathering();
  for (let i = 0; i < 30; i += 1) {
    void here.add('x', String(i));
    clock.advance(9);
  }
  clock.advance(10);
  expect(groups.map(({ length }) => length)).toEqual([13, 13, 4]);
});

it('waits longer where what belongs together comes from afar', () => {
  const { clock, groups, here } = gathering(200);
  for (const item of ['a', 'b', 'c']) {
    void here.add('x', item);
    clock.advance(199);
  }
  clock.advance(1);
  expect(groups).toEqual([['a', 'b', 'c']]);
});
