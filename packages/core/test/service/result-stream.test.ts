import { NEVER } from 'rxjs';
import { expect, it, vi } from 'vitest';
import { ResultStream } from '../../src/service/result-stream.ts';

it('bears that a map whose last subscriber has gone cannot be ended well', async () => {
  const leave = vi.fn(() => Promise.reject(new Error('the disk is full')));
  const next = () => new Promise<undefined>(() => {});
  const run = { next, taken: () => {}, leave, folded: undefined };
  const begin = () => Promise.resolve(run);
  const stream = new ResultStream({ progress$: NEVER, begin, guard: (results) => results });
  stream.results$.subscribe().unsubscribe();
  // The test fails with a rejection that nobody handles.
  await expect.poll(() => leave).toHaveBeenCalledOnce();
});

it('is left once by its subscribers when it is over', async () => {
  const leave = vi.fn(() => Promise.resolve());
  const run = { next: () => Promise.resolve(undefined), taken: () => {}, leave, folded: undefined };
  const begin = () => Promise.resolve(run);
  const stream = new ResultStream({ progress$: NEVER, begin, guard: (results) => results });
  await new Promise<void>((complete) => stream.results$.subscribe({ complete }));
  expect(leave).toHaveBeenCalledOnce();
});
