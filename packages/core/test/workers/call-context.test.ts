import { expect, it } from 'vitest';
import { CallContext } from '../../src/workers/call-context.ts';

it('tells the first 4,096 characters of the words of progress', () => {
  const told: (readonly [number | undefined, string])[] = [];
  const place = { cores: [], gpus: [], host: 'here', pilotJob: 'pilot.1', scratch: '' };
  const { progress } = new CallContext({
    ...place,
    state: undefined,
    tell: (...line) => void told.push(line),
    print() {},
    listens() {},
  });
  const words = 'y'.repeat(5_000);
  progress(0.5, words);
  progress(words);
  progress(1);
  expect(told).toEqual([
    [0.5, words.slice(0, 4096)],
    [undefined, words.slice(0, 4096)],
    [1, ''],
  ]);
});
