import { lastValueFrom, NEVER } from 'rxjs';
import { expect, it, vi } from 'vitest';
import { ResultStream } from '../../../src/service/maps/result-stream.ts';

const leave = () => Promise.resolve();

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

it('does not begin again for who subscribes when it is over', async () => {
  const run = { next: () => Promise.resolve(undefined), taken: () => {}, leave, folded: undefined };
  const begin = vi.fn(() => Promise.resolve(run));
  const stream = new ResultStream({ progress$: NEVER, begin, guard: (results) => results });
  expect(await lastValueFrom(stream.results$, { defaultValue: 'none' })).toBe('none');
  const late = lastValueFrom(stream.results$, { defaultValue: 'none' });
  await expect(late).rejects.toThrow('the results are consumed already, by results$');
  expect(begin).toHaveBeenCalledOnce();
});

it('tells also who subscribes later what it has ended with', async () => {
  const next = () => Promise.reject(new Error('the disk is full'));
  const run = { next, taken: () => {}, leave, folded: undefined };
  const begin = () => Promise.resolve(run);
  const stream = new ResultStream({ progress$: NEVER, begin, guard: (results) => results });
  await expect(lastValueFrom(stream.results$)).rejects.toThrow('the disk is full');
  await expect(lastValueFrom(stream.results$)).rejects.toThrow('the disk is full');
});
