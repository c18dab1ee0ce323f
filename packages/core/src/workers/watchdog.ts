/** Looks now and then how long the call has been under way that a worker is at, and what memory it takes. */
import type { Clock, Timer } from '../runtime/clock.ts';
import { RunningTime } from '../runtime/running-time.ts';
import type { CallRun } from './call-run.ts';
import type { Worker } from './worker.ts';

/** A look takes some microseconds. */
const MOST_OFTEN_MS = 5;
const LEAST_OFTEN_MS = 500;
/** A limit is found to be passed at most so much of it later. */
const LOOKS_PER_LIMIT = 16;
const MEMORY_MS = 100;

/** What was found. */
export type Excess = 'time-limit' | 'out-of-memory';

/** Watches over the calls of a run that has limits. */
export class Watchdog {
  readonly #run: CallRun;
  readonly #clock: Clock;
  readonly #exceeded: (excess: Excess) => void;
  #timer: Timer | undefined;
  #worker: Worker | undefined;
  #seen = '';
  #since = 0;
  #dueMs = 0;
  /** While we stood still, with the machine perhaps, the worker may not have run either. */
  #time = new RunningTime(0);
  #wasFull = false;

  constructor(run: CallRun, clock: Clock, exceeded: (excess: Excess) => void) {
    this.#run = run;
    this.#clock = clock;
    this.#exceeded = exceeded;
  }

  /** The worker has something to do from now on. */
  watch(worker: Worker): void {
    const { timeLimitMs, memoryLimit } = this.#run;
    if (this.#timer || (timeLimitMs === undefined && memoryLimit === undefined)) return;
    this.#worker = worker;
    this.#seen = this.#look();
    this.#time = new RunningTime(this.#clock.monotonic());
    this.#since = 0;
    this.#wasFull = false;
    this.#later();
  }

  /** It has nothing to do. */
  rest(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #look(): string {
    const { piece, call } = this.#worker?.mark ?? {};
    return `${piece} ${call}`;
  }

  #later(): void {
    const { timeLimitMs = Number.POSITIVE_INFINITY, memoryLimit } = this.#run;
    const often = Math.min(LEAST_OFTEN_MS, Math.max(MOST_OFTEN_MS, timeLimitMs / LOOKS_PER_LIMIT));
    const ms = memoryLimit === undefined ? often : Math.min(often, MEMORY_MS);
    this.#dueMs = ms;
    this.#timer = this.#clock.after(ms, () => this.#tick());
  }

  #tick(): void {
    const { timeLimitMs = Number.POSITIVE_INFINITY, memoryLimit } = this.#run;
    const seen = this.#look();
    this.#time.advance(this.#clock.monotonic(), this.#dueMs);
    const { now } = this.#time;
    const isSame = seen === this.#seen;
    if (!isSame) this.#since = now;
    this.#seen = seen;
    // Between two calls a worker looks itself: what is taken then is no single call's.
    const isFull = memoryLimit !== undefined && (this.#worker?.memory ?? 0) > memoryLimit;
    const excess =
      now - this.#since >= timeLimitMs
        ? 'time-limit'
        : isSame && isFull && this.#wasFull
          ? 'out-of-memory'
          : undefined;
    this.#wasFull = isFull;
    this.#timer = undefined;
    if (excess === undefined) this.#later();
    else this.#exceeded(excess);
  }
}
