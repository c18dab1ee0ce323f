/** The context of a task function that is called here and now, without any pilot. */
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { format } from 'node:util';
import type { TaskContext } from './task-types.ts';

/** Calls it with a context whose scratch directory, if it was wanted, is removed after the call. */
export async function withLocalContext<T>(body: (context: TaskContext) => T): Promise<Awaited<T>> {
  let scratch: string | undefined;
  const context: TaskContext = {
    index: 0,
    attempt: 1,
    signal: new AbortController().signal,
    get scratch() {
      scratch ??= mkdtempSync(join(tmpdir(), 'pstar-'));
      return scratch;
    },
    cores: Array.from({ length: availableParallelism() }, (_, core) => core),
    gpus: (process.env['CUDA_VISIBLE_DEVICES'] ?? '').split(',').filter(Boolean),
    host: hostname(),
    pilotJob: '',
    state: undefined,
    progress() {},
    log: (...values) => void process.stdout.write(`${format(...values)}\n`),
  };
  try {
    return await body(context);
  } finally {
    if (scratch !== undefined) rmSync(scratch, { recursive: true, force: true });
  }
}
