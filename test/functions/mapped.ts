/** Functions that tests of maps call, on real pilots. */
import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { defineTask, type TaskContext, task } from '@pstar/core';

export const double = defineTask(import.meta.url, 'double', (value: number) => value * 2);

/** Says which worker it is, after a while. */
export const pid = defineTask(import.meta.url, 'pid', async (ms: number) => {
  await sleep(ms);
  return process.pid;
});

/** Throws for multiples of the number, in a function of its own. */
export const picky = defineTask(import.meta.url, 'picky', (value: number) => {
  if (value % 10 === 7) refuse(value);
  return value;
});

function refuse(value: number): never {
  throw new RangeError(`${value} will not do`);
}

/** Fails until it is tried for the third time. */
export const stubborn = defineTask(
  import.meta.url,
  'stubborn',
  (value: number, ctx: TaskContext) => {
    if (value === 3 && ctx.attempt < 3) throw new Error('not yet');
    return ctx.attempt;
  },
);

/** What is done to a worker. */
export type Deed = 'nothing' | 'exit' | 'kill' | 'hang' | 'fill';

/** Does it. */
export const deed = defineTask(import.meta.url, 'deed', async (what: Deed) => {
  if (what === 'exit') process.exit(3);
  if (what === 'kill') process.kill(process.pid, 'SIGKILL');
  if (what === 'hang') for (;;);
  if (what === 'fill') {
    const all: Uint8Array[] = [];
    for (;;) {
      all.push(new Uint8Array(8 * 1024 * 1024).fill(1));
      await sleep(1);
    }
  }
  return what;
});

/** Leaves a mark in a file when it begins and when it ends, and waits in between, or until it is canceled. */
export const wait = defineTask(
  import.meta.url,
  'wait',
  async (input: { readonly file: string; readonly ms: number }, ctx: TaskContext) => {
    appendFileSync(input.file, 'began\n');
    await sleep(input.ms, undefined, { signal: ctx.signal }).finally(() =>
      appendFileSync(input.file, 'ended\n'),
    );
    return process.pid;
  },
);

/** Its input, turned around. */
export const reverse = defineTask(import.meta.url, 'reverse', (bytes: Uint8Array) =>
  bytes.reverse(),
);

/** What it holds. */
export const holds = defineTask(import.meta.url, 'holds', (_: number, { cores, pilotJob }) => {
  return { cores: cores.length, pilotJob };
});

/** How often each word is there. */
export const words = defineTask(import.meta.url, 'words', (text: string) => {
  const counts: Record<string, number> = {};
  for (const word of text.split(' ')) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
});

type Counts = Record<string, number>;

/** Both together. */
export function mergeCounts(one: Counts, other: Counts): Counts {
  const sum = { ...one };
  for (const [word, count] of Object.entries(other)) sum[word] = (sum[word] ?? 0) + count;
  return sum;
}

export const merge = task<typeof mergeCounts>(new URL(import.meta.url), 'mergeCounts');

/** Its input, after a while. */
export const slow = defineTask(import.meta.url, 'slow', async (value: number) => {
  await sleep(4);
  return value;
});

/** What two results come to. */
export const plus = (a: number, b: number): number => a + b;
