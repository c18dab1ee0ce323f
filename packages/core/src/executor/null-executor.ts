/**
 * An executor that starts nothing: every unit has succeeded by the end of the tick. For measuring
 * what everything else costs.
 */
import type { Clock } from '../runtime/clock.ts';
import type { Executor, ExecutorEvents, OutputStream, UnitOutcome, UnitRun } from './unit-run.ts';

/** Ends every run at once, with exit code 0. */
export class NullExecutor implements Executor {
  readonly launcher = 'null';
  readonly #events: ExecutorEvents;
  readonly #clock: Clock;
  #batch: number[] = [];
  readonly #end = (): void => this.#endBatch();

  constructor(events: ExecutorEvents, clock: Clock) {
    this.#events = events;
    this.#clock = clock;
  }

  run({ key }: UnitRun): void {
    if (this.#batch.push(key) === 1) queueMicrotask(this.#end);
  }

  #endBatch(): void {
    const batch = this.#batch;
    this.#batch = [];
    const now = this.#clock.now();
    const outcome: UnitOutcome = {
      exitCode: 0,
      reason: 0,
      terminated: false,
      startedAt: now,
      finishedAt: now,
      userTime: 0,
      systemTime: 0,
      maxRss: 0,
    };
    const events = this.#events;
    for (const key of batch) {
      events.started(key, now);
      events.ended(key, outcome);
    }
  }

  terminate(): void {}

  watch(key: number, stream: OutputStream, on: boolean): void {
    if (on) queueMicrotask(() => this.#events.output(key, stream, undefined));
  }

  release(): void {}

  close(): Promise<void> {
    return Promise.resolve();
  }
}
