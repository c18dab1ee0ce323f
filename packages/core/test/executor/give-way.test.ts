import { describe, expect, it } from 'vitest';
import { GiveWay } from '../../src/executor/give-way.ts';
import type { Libc } from '../../src/executor/libc.ts';

const OTHER = 0;
const BATCH = 3;
const FIFO = 1;

/** A thread of a policy, and all that it became. */
function thread(policy: number, answer = 0): { libc: Libc; became: number[] } {
  const became: number[] = [];
  const libc = {
    address: () => 0n,
    sched_getscheduler: () => policy,
    sched_setscheduler: (_thread: number, wanted: number) => {
      became.push(wanted);
      return answer;
    },
  };
  return { libc: libc as unknown as Libc, became };
}

describe('a thread that gives way to what it starts', () => {
  it('wants the processor less while it starts something, and has that scheduled as itself', () => {
    const { libc, became } = thread(OTHER);
    const giveWay = new GiveWay(libc);
    expect(giveWay.flags).toBe(0x20);
    expect(became.at(-1)).toBe(OTHER);
    became.length = 0;
    giveWay.begin();
    expect(became).toEqual([BATCH]);
    giveWay.end();
    expect(became).toEqual([BATCH, OTHER]);
  });

  it.each([
    ['has another policy already', thread(FIFO)],
    ['may not change it', thread(OTHER, -1)],
  ])('leaves all as it is where it %s', (_, { libc, became }) => {
    const giveWay = new GiveWay(libc);
    expect(giveWay.flags).toBe(0);
    became.length = 0;
    giveWay.begin();
    giveWay.end();
    expect(became).toEqual([]);
  });
});
