/** Calls functions on this node, in workers that are processes of the executor's or threads of such. */
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { partsOf, RecentOutput } from '../executor/recent-output.ts';
import type { OutputStream } from '../executor/unit-run.ts';
import { notStarted, runOutcome } from './blame.ts';
import type { Batch, CallEvents, CallExecutor, CallRun } from './call-run.ts';
import { LiveRun } from './live-run.ts';
import { RunOutput } from './run-output.ts';
import { type PoolOptions, WorkerPool } from './worker-pool.ts';

/** What whoever calls functions is made with. */
export interface CallExecutorOptions extends Omit<PoolOptions, 'idleMs'> {
  readonly events: CallEvents;
  /** Default: a minute. */
  readonly idleMs?: number;
}

const IDLE_MS = 60_000;

/** Makes what calls functions. Nothing is started before the first run. */
export function createCallExecutor(options: CallExecutorOptions): CallExecutor {
  return new WorkerExecutor(options);
}

class WorkerExecutor implements CallExecutor {
  readonly #options: CallExecutorOptions;
  readonly #runs = new Map<number, LiveRun>();
  readonly #outputs = new Map<number, RunOutput>();
  readonly #recent = new RecentOutput();
  #pool: WorkerPool | undefined;

  constructor(options: CallExecutorOptions) {
    this.#options = options;
  }

  run(run: CallRun): void {
    const { events, clock } = this.#options;
    const { key } = run;
    this.#recent.forget(key);
    let pool: WorkerPool;
    try {
      this.#pool ??= new WorkerPool({ ...this.#options, idleMs: this.#options.idleMs ?? IDLE_MS });
      pool = this.#pool;
    } catch (error) {
      const why = notStarted(error);
      queueMicrotask(() => events.ended(key, runOutcome(clock.now(), false, why)));
      return;
    }
    const output = new RunOutput(key, events, this.#recent);
    const live = new LiveRun(run, { pool, events, clock, output, over: () => this.#over(run) });
    this.#runs.set(key, live);
    this.#outputs.set(key, output);
    live.begin();
  }

  call(key: number, batch: Batch): void {
    this.#runs.get(key)?.call(batch);
  }

  drop(key: number, batches: readonly number[]): readonly number[] {
    return this.#runs.get(key)?.drop(batches) ?? [];
  }

  fold(key: number, batch: number): void {
    this.#runs.get(key)?.fold(batch);
  }

  finish(key: number): void {
    this.#runs.get(key)?.finish();
  }

  terminate(key: number, graceMs?: number): void {
    this.#runs.get(key)?.terminate(graceMs);
  }

  watch(key: number, stream: OutputStream, on: boolean): void {
    const output = this.#outputs.get(key);
    if (output) {
      output.watch(stream, on);
      return;
    }
    if (!on) return;
    const kept = this.#recent.get(key, stream);
    const isKept = this.#recent.has(key);
    queueMicrotask(() => {
      const { events } = this.#options;
      if (!isKept) {
        events.output(key, stream, 'not-kept');
        return;
      }
      const parts = typeof kept === 'object' ? partsOf(kept) : [];
      for (const part of parts) events.output(key, stream, part);
      events.output(key, stream, undefined);
    });
  }

  knows(key: number): boolean {
    return this.#outputs.has(key) || this.#recent.has(key);
  }

  #over({ key, scratch }: CallRun): void {
    this.#runs.delete(key);
    this.#outputs.delete(key);
    // A call that has taken its worker along has left its directory. To remove what is not there takes two
    // exceptions, which were the most of what a short call cost.
    if (existsSync(scratch)) void rm(scratch, { recursive: true, force: true }).catch(() => {});
    if (this.#runs.size === 0) this.#emptied();
  }

  #emptied: () => void = () => {};

  async close(graceMs: number): Promise<void> {
    const over = new Promise<void>((emptied) => {
      this.#emptied = emptied;
    });
    for (const run of this.#runs.values()) run.terminate(graceMs);
    if (this.#runs.size > 0) await over;
    await this.#pool?.close();
  }
}
