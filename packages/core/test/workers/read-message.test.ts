import { expect, it } from 'vitest';
import { readFromWorker } from '../../src/workers/read-message.ts';

const problem = { call: 3, kind: 'threw', name: 'Error', message: 'no' };
const results = {
  type: 'results',
  piece: 1,
  from: 0,
  count: 4,
  ms: 0.5,
  problems: [],
  isOver: true,
};

it.each([
  { type: 'hello', worker: 1, token: 'abc', pid: 77 },
  { type: 'ready' },
  { type: 'unfit', problem },
  { type: 'run-ready' },
  { ...results, problems: [problem], usage: [1, 2, 3], isFull: true },
  { type: 'folded', piece: 0, isEmpty: true },
  { type: 'output', stream: 'stderr' },
  { type: 'progress', message: 'half', fraction: 0.5 },
  { type: 'dying', piece: 2, problem: { ...problem, stack: 's', thrown: 'AA==' } },
  { type: 'thread-ended', worker: 3, exitCode: 1, problem: 'why', isOutOfMemory: false },
])('takes what a worker says: $type', (message) => {
  expect(readFromWorker(message)).toBe(message);
});

it.each([
  [1, 'no object'],
  [null, 'no object'],
  [[results], 'no object'],
  [{}, 'no known type'],
  [{ type: 'toString' }, 'no known type'],
  [{ ...results, problems: '' }, "no right 'problems'"],
  [{ ...results, problems: [{ ...problem, name: 7 }] }, "no right 'problems'"],
  [{ ...results, problems: [{ ...problem, kind: 'odd' }] }, "no right 'problems'"],
  [{ ...results, count: -1 }, "no right 'count'"],
  [{ ...results, ms: null }, "no right 'ms'"],
  [{ ...results, usage: [1, 2] }, "no right 'usage'"],
  [{ type: 'output', stream: 'other' }, "no right 'stream'"],
  [{ type: 'progress', message: {} }, "no right 'message'"],
])('refuses %j', (head, says) => {
  expect(() => readFromWorker(head)).toThrow(says);
});
