import { describe, expect, it } from 'vitest';
import { GiveWay } from '../../src/executor/give-way.ts';
import type { Libc } from '../../src/executor/libc.ts';

const OTHER = 0;
const BATCH = 3;
const FIFO = 1;

/** A thread of a policy, and all that it became. */
function thread(policy: number, answer = 0): { libc: Libc; became: (number | 'start')[] } {
  const became: (number | 'start')[] = [];
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
    became.length = 0;
    expect(giveWay.around(() => became.push('start') * 0 + 7)).toBe(7);
    expect(became).toEqual([BATCH, 'start', OTHER]);
  });

  it('is as before also after a start that throws', () => {
    const { libc, became } = thread(OTHER);
    const giveWay = new GiveWay(libc);
    const start = (): number => {
      throw new Error('no');
    };
    expect(() => giveWay.around(start)).toThrow('no');
    expect(became.at(-1)).toBe(OTHER);
  });

  it.each([
    ['has another policy already', thread(FIFO)],
    ['may not change it', thread(OTHER, -1)],
  ])('leaves all as it is where it %s', (_, { libc, became }) => {
    const giveWay = new GiveWay(libc);
    expect(giveWay.flags).toBe(0);
    became.length = 0;
    expect(giveWay.around(() => 7)).toBe(7);
    expect(became).toEqual([]);
  });
});
