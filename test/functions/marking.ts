/** Functions that leave a mark of each call, and some of which end their workers. */
import { appendFileSync, closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { defineTask } from '@pstar/core';

/** What a call is to do. */
export interface Marking {
  /** The directory of the marks. */
  readonly marks: string;
  readonly index: number;
  readonly ms: number;
  /** How its worker ends, the first time. */
  readonly ends?: 'exit' | 'abort' | 'kill' | 'throw' | undefined;
}

/** What comes of a call. */
export const outcome = (index: number): string => `${index} squared is ${index * index}`;

/** Marks the call when it is done. */
export const mark = defineTask(import.meta.url, 'mark', async (input: Marking) => {
  const { marks, index, ms, ends } = input;
  if (ms > 0) await sleep(ms);
  if (ends !== undefined && isFirst(join(marks, `ends-${index}`))) endBy(ends);
  appendFileSync(join(marks, 'calls'), `${index}\n`);
  return outcome(index);
});

function isFirst(file: string): boolean {
  try {
    closeSync(openSync(file, 'wx'));
    return true;
  } catch {
    return false;
  }
}

function endBy(how: NonNullable<Marking['ends']>): void {
  if (how === 'exit') process.exit(3);
  if (how === 'abort') process.abort();
  if (how === 'kill') process.kill(process.pid, 'SIGKILL');
  throw new Error('once');
}
