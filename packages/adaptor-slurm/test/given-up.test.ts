import { describe, expect, it } from 'vitest';
import { whenAll } from '../src/given-up.ts';

const aborts = () => [new AbortController(), new AbortController()] as const;

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
