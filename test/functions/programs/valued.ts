/** Functions that single calls are made of. */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TaskContext } from '@pstar/core';

export const sum = (...values: unknown[]): number =>
  values
    .filter((value) => typeof value === 'number')
    .reduce<number>((total, value) => total + (value as number), 0);

/** How many arguments there were before the context, and what it says. */
export const told = (...all: unknown[]) => {
  const { index, attempt, host, pilotJob } = all.pop() as TaskContext;
  return { given: all, index, attempt, host, pilotJob };
};

export const nothing = (): void => {};

export const same = (value: unknown): unknown => value;

export class OutOfRange extends RangeError {
  override name = 'OutOfRange';
}

/** Fails until the ledger has so many lines. */
export function fails(ledger: string, times: number): number {
  appendFileSync(ledger, 'call\n');
  const lines = readFileSync(ledger, 'utf8').split('\n').length - 1;
  if (lines <= times) throw new OutOfRange(`call ${lines} is too far`);
  return lines;
}

/** Never ends by itself, and says so when it is told to. */
export async function endless(ledger: string, { signal }: TaskContext): Promise<void> {
  appendFileSync(ledger, 'started\n');
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {}, 1_000);
    signal.addEventListener('abort', () => {
      appendFileSync(ledger, 'aborted\n');
      clearInterval(timer);
      resolve();
    });
  });
}

export const crashes = (): void => process.abort();

/** So many bytes, that cannot be told from others of the same seed. */
export function noise(bytes: number, seed: number): Uint8Array {
  const array = new Uint32Array(bytes / 4);
  let x = seed;
  for (let i = 0; i < array.length; i++) {
    x = (Math.imul(x, 1664525) + 1013904223) >>> 0;
    array[i] = x;
  }
  return new Uint8Array(array.buffer);
}

/** Whether these are the bytes of that seed, and where they were found: each value is made once. */
export const isNoise = (bytes: Uint8Array, seed: number): boolean =>
  Buffer.compare(bytes, noise(bytes.length, seed)) === 0;

/** Ends once there is that file, and says in a ledger that it has; returns so many letters. */
export async function waits(file: string, ledger: string, letters: number): Promise<string> {
  while (!existsSync(file)) await sleep(5);
  appendFileSync(ledger, 'done\n');
  return 'x'.repeat(letters);
}

/** Fails once there is that file. */
export async function waitsInVain(file: string): Promise<never> {
  while (!existsSync(file)) await sleep(5);
  throw new Error('in vain');
}
