/** Functions of a module of their own. */
import { defineTask } from '../../src/index.ts';

export const plain = (n: number): string => `${n}`;

export const made = defineTask(
  import.meta.url,
  'made',
  async (bytes: Uint8Array) => new Map([[`${bytes.length}`, new Date()]]),
);

export const bad = (n: number) => ({ n, method() {} });
