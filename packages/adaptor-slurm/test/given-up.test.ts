import { describe, expect, it } from 'vitest';
import { abortable, whenAll } from '../src/given-up.ts';

const aborts = () => [new AbortController(), new AbortController()] as const;

describe('abortable', () => {
  it('settles as the promise does', async () => {
    const [{ signal }] = aborts();
    expect(await abortable(Promise.resolve(1), undefined)).toBe(1);
    expect(await abortable(Promise.resolve(2), signal)).toBe(2);
    await expect(abortable(Promise.reject(new Error('no')), signal)).rejects.toThrow('no');
  });

  it('does not wait when it is given up, before or after', async () => {
    const [before, after] = aborts();
    before.abort();
    await expect(abortable(new Promise(() => {}), before.signal)).rejects.toMatchObject({
      code: 'ABORTED',
    });
    const waiting = abortable(new Promise(() => {}), after.signal);
    after.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'ABORTED' });
  });
});

describe('whenAll', () => {
  it('gives up when all have', () => {
    const [a, b] = aborts();
    a.abort();
    const both = whenAll([a.signal, b.signal]);
    expect(both.aborted).toBe(false);
    b.abort();
    expect(both.aborted).toBe(true);
  });

  it('never gives up when one cannot', () => {
    const [a] = aborts();
    const both = whenAll([a.signal, undefined]);
    a.abort();
    expect(both.aborted).toBe(false);
  });
});
