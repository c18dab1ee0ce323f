import { expect, it } from 'vitest';
import type { Batch } from '../../src/workers/call-run.ts';
import { isNext, PieceQueue } from '../../src/workers/piece-queue.ts';

const batch = (number: number, count: number): Batch => ({
  ...{ batch: number, kind: 'calls', first: 0, count, round: 1 },
  data: new Uint8Array(),
});

const calls = ({ from, to, item }: ReturnType<PieceQueue['give']>) => [item.batch.batch, from, to];

it('gives batches away in order, in as large pieces as are taken', () => {
  const queue = new PieceQueue();
  queue.add(batch(1, 5));
  queue.add(batch(2, 1));
  expect(calls(queue.give(3))).toEqual([1, 0, 3]);
  expect(calls(queue.give(9))).toEqual([1, 3, 5]);
  expect(queue.drop([1, 2])).toEqual([2]);
  expect(queue.next).toBeUndefined();
  expect(queue.isEmpty).toBe(false);
});

it('gives again what was not done, in its order, when a worker is gone or has had enough', () => {
  const queue = new PieceQueue();
  queue.add(batch(1, 4));
  queue.add(batch(2, 2));
  queue.addFold(3);
  const first = queue.give(9);
  first.done = 3;
  queue.over();
  expect(calls(queue.give(9))).toEqual([1, 3, 4]);
  queue.give(9);
  queue.give(9);
  expect(queue.givenCount).toBe(3);
  queue.lost();
  expect([queue.give(9), queue.give(9), queue.give(9)].map(calls)).toEqual([
    [1, 3, 4],
    [2, 0, 2],
    [3, 0, 0],
  ]);
});

it('forgets the batch of a culprit, and no other', () => {
  const queue = new PieceQueue();
  for (const number of [1, 2, 3]) queue.add(batch(number, 2));
  const given = [queue.give(9), queue.give(9), queue.give(9)];
  const culprit = queue.find(given[1]?.piece);
  queue.lost();
  if (culprit) queue.conclude(culprit.item);
  expect([queue.give(9), queue.give(9)].map(calls)).toEqual([
    [1, 0, 2],
    [3, 0, 2],
  ]);
  expect(queue.find(undefined)).toBeUndefined();
});

it('knows which results can be those of the calls that come next', () => {
  const queue = new PieceQueue();
  queue.add(batch(1, 5));
  const given = queue.give(5);
  given.done = 2;
  expect(isNext(given, { from: 2, count: 3, problems: [{ call: 4 }] })).toBe(true);
  expect(isNext(given, { from: 1, count: 1, problems: [] })).toBe(false);
  expect(isNext(given, { from: 2, count: 4, problems: [] })).toBe(false);
  expect(isNext(given, { from: 2, count: 1, problems: [{ call: 3 }] })).toBe(false);
});
