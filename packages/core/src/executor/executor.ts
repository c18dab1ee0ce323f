/** The door of this folder: makes an executor, by default one that runs processes. */
import { NullExecutor } from './null-executor.ts';
import { ProcessExecutor, type ProcessExecutorOptions } from './process-executor.ts';
import type { Executor } from './unit-run.ts';

/** What an executor is made with. */
export interface ExecutorOptions extends ProcessExecutorOptions {
  /** `'null'` starts nothing; for measuring. */
  readonly kind?: 'process' | 'null';
}

/**
 * Makes an executor. One of processes reaps every child of this program, so there may be only one
 * at a time, and nothing else in the program should use child_process while it lives.
 */
export function createExecutor(options: ExecutorOptions): Executor {
  if (options.kind === 'null') return new NullExecutor(options.events, options.clock);
  return new ProcessExecutor(options);
}
