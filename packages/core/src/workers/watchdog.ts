/**
 * Looks now and then how long the present call of a worker has been under way, and how much memory it takes;
 * or, before its first call, how long the worker has been getting ready.
 */
import type { Clock, Timer } from '../runtime/clock.ts';
import { RunningTime } from '../runtime/running-time.ts';
import type { CallRun } from './call-run.ts';
import type { Worker } from './worker.ts';

/** A look takes some microseconds. */
const MOST_OFTEN_MS = 5;
const LEAST_OFTEN_MS = 500;
/** A call that takes too long is found a sixteenth of its limit late at most, or {@link MOST_OFTEN_MS}. */
const LOOKS_PER_LIMIT = 16;
const MEMORY_MS = 100;

/** What was found. */
export type Excess = 'time-limit' | 'init-time-limit' | 'out-of-memory';

/** What is watched for; where it is undefined there is no limit. */
interface Limits {
  readonly timeMs: number | undefined;
  readonly memory?: number | undefined;
  /** What has happened when the time is over. */
  readonly late: Excess;
}

/** Watches over the workers of a run that has limits, one after the other, and ends one that is beyond them. */
export class Watchdog {
  readonly #run: CallRun;
  readonly #clock: Clock;
  #timer: Timer | undefined;
  #worker: Worker | undefined;
  #limits: Limits = { timeMs: undefined, late: 'time-limit' };
  #seen = '';
  #since = 0;
  #dueMs = 0;
  /** While we stood still, with the machine perhaps, the worker may not have run either. */
  #time = new RunningTime(0);
  #wasFull = false;
  #excess: Excess | undefined;

  constructor(run: CallRun, clock: Clock) {
    this.#run = run;
    this.#clock = clock;
  }

  /** Why the worker that was watched last was ended here, if it was. */
  get excess(): Excess | undefined {
    return this.#excess;
  }

  /** The worker has something to do from now on. */
  watch(worker: Worker): void {
    const { timeLimitMs: timeMs, memoryLimit: memory } = this.#run;
    this.#begin(worker, { timeMs, memory, late: 'time-limit' });
  }

  /** The worker gets ready from now on: it loads what it is to call, and `init` runs. */
  watchInit(worker: Worker): void {
    this.#begin(worker, { timeMs: this.#run.initTimeLimitMs, late: 'init-time-limit' });
  }

  #begin(worker: Worker, limits: Limits): void {
    const { timeMs, memory } = limits;
    if (this.#timer || (timeMs === undefined && memory === undefined)) return;
    if (worker !== this.#worker) this.#excess = undefined;
    this.#worker = worker;
    this.#limits = limits;
    this.#seen = this.#look();
    this.#time = new RunningTime(this.#clock.monotonic());
    this.#since = 0;
    this.#wasFull = false;
    this.#later();
  }

  /** It has nothing to do, or is gone. */
  rest(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #look(): string {
    const { piece, call } = this.#worker?.mark ?? {};
    return `${piece} ${call}`;
  }

  #later(): void {
    const { timeMs = Number.POSITIVE_INFINITY, memory } = this.#limits;
    const often = Math.min(LEAST_OFTEN_MS, Math.max(MOST_OFTEN_MS, timeMs / LOOKS_PER_LIMIT));
    const ms = memory === undefined ? often : Math.min(often, MEMORY_MS);
    this.#dueMs = ms;
    this.#timer = this.#clock.after(ms, () => this.#tick());
  }

  #tick(): void {
    const { timeMs = Number.POSITIVE_INFINITY, memory, late } = this.#limits;
    const seen = this.#look();
    this.#time.advance(this.#clock.monotonic(), this.#dueMs);
    const { now } = this.#time;
    const isSame = seen === this.#seen;
    if (!isSame) this.#since = now;
    this.#seen = seen;
    // Between two calls a worker looks itself: what is taken then is no single call's.
    const isFull = memory !== undefined && (this.#worker?.memory ?? 0) > memory;
    const excess =
      now - this.#since >= timeMs
        ? late
        : isSame && isFull && this.#wasFull
          ? 'out-of-memory'
          : undefined;
    this.#wasFull = isFull;
    this.#timer = undefined;
    if (excess === undefined) {
      this.#later();
      return;
    }
    this.#excess = excess;
    this.#worker?.kill();
  }
}
