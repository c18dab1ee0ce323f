import { describe, expect, it } from 'vitest';
import { Patience } from '../../../src/service/units/patience.ts';
import { ManualClock } from '../../agent/manual-clock.ts';

describe('patience', () => {
  it('looks every now and then while somebody waits, and only then', async () => {
    const clock = new ManualClock();
    let looks = 0;
    const patience = new Patience(clock, () => looks++);
    clock.advance(60_000);
    expect(looks).toBe(0);
    const ends: (() => void)[] = [];
    const waits = [0, 1].map(() =>
      patience.with(new Promise<void>((resolve) => ends.push(resolve))),
    );
    clock.advance(30_000);
    expect(looks).toBe(3);
    ends[0]?.();
    await waits[0];
    clock.advance(10_000);
    expect(looks).toBe(4);
    ends[1]?.();
    await waits[1];
    clock.advance(60_000);
    expect(looks).toBe(4);
  });

  it('passes on what the wait comes to', async () => {
    const patience = new Patience(new ManualClock(), () => {});
    await expect(patience.with(Promise.resolve(7))).resolves.toBe(7);
    await expect(patience.with(Promise.reject(new Error('no')))).rejects.toThrow('no');
  });
});
