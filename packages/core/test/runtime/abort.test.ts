import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { abortable } from '../../src/runtime/abort.ts';

it('what nobody gives up settles as it would', async () => {
  const { signal } = new AbortController();
  expect(await abortable(Promise.resolve(1), undefined, 'the wait')).toBe(1);
  expect(await abortable(Promise.resolve(2), signal, 'the wait')).toBe(2);
  const failed = Promise.reject(new Error('no'));
  await expect(abortable(failed, signal, 'the wait')).rejects.toThrow('no');
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

describe('what is given up', () => {
  it.each([
    ['before', true],
    ['meanwhile', false],
  ])('%s may be rejected later: nobody is left who would hear of it', async (_, isBefore) => {
    const unhandled: unknown[] = [];
    const hear = (error: unknown) => unhandled.push(error);
    process.on('unhandledRejection', hear);
    const controller = new AbortController();
    if (isBefore) controller.abort();
    let fail: (error: Error) => void = () => {};
    const promise = new Promise<void>((_resolve, reject) => {
      fail = reject;
    });
    const call = abortable(promise, controller.signal, 'the wait');
    controller.abort();
    await expect(call).rejects.toMatchObject({ code: 'ABORTED' });
    fail(new Error('closed'));
    // Twice: what is unhandled is told when all that was due has run.
    for (let i = 0; i < 2; i++) await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', hear);
    expect(unhandled).toEqual([]);
  });
});

it('a signal that many wait for has one listener: Node takes more than ten for a leak', async () => {
  const controller = new AbortController();
  const forever = new Promise<void>(() => {});
  const calls = Array.from({ length: 20 }, () => abortable(forever, controller.signal, 'the wait'));
  expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1);
  controller.abort();
  for (const call of calls) await expect(call).rejects.toMatchObject({ code: 'ABORTED' });
});
