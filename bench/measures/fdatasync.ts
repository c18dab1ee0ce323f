/** The ceiling for being durable: a few bytes into room that is there already, then fdatasync. */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { median, type Sample } from '../harness.ts';
import type { Context } from './world.ts';

const TIMES = 200;
const RECORD_BYTES = 64;

/** The median of some, on an idle disk. */
export async function fdatasyncs({ directory }: Context): Promise<Sample> {
  const file = await open(join(directory, 'fdatasync'), 'w');
  const record = Buffer.alloc(RECORD_BYTES, 1);
  const micros: number[] = [];
  try {
    await file.write(Buffer.alloc(TIMES * RECORD_BYTES));
    await file.sync();
    for (let i = 0; i < TIMES; i++) {
      const start = performance.now();
      await file.write(record, 0, RECORD_BYTES, i * RECORD_BYTES);
      await file.datasync();
      micros.push((performance.now() - start) * 1000);
    }
  } finally {
    await file.close();
  }
  return { micros: median(micros) };
}
