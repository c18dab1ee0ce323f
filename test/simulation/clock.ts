/**
 * The time of a simulation: it stands still while anything is done, and then goes on to whatever is
 * due next. What is due at the same moment is called in the order in which it was asked for.
 */
import type { Clock, Timer } from '../../packages/core/src/runtime/clock.ts';

const EPOCH = 1_700_000_000_000;

interface Due {
  readonly at: number;
  readonly call: () => void;
  isCanceled: boolean;
}

export class SimulatedClock implements Clock {
  #now = 0;
  /** The next comes last. */
  readonly #due: Due[] = [];

  now(): number {
    return EPOCH + this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  after(ms: number, call: () => void): Timer {
    const due: Due = { at: this.#now + Math.max(0, ms), call, isCanceled: false };
    this.#due.splice(this.#placeOf(due.at), 0, due);
    return {
      cancel: () => {
        due.isCanceled = true;
      },
    };
  }

  /** Goes on to what is due next and does it; false when nothing ever is. */
  step(): boolean {
    const next = this.#due.pop();
    if (next === undefined) return false;
    this.#now = next.at;
    if (!next.isCanceled) next.call();
    return true;
  }

  /** Behind all that is due later, and before what was asked for earlier. */
  #placeOf(at: number): number {
    let low = 0;
    let high = this.#due.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#due[middle] as Due).at > at) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/**
 * The clock of one process: when that dies, none of its timers rings any more; while it is stopped they
 * wait, and the wall clock of its machine may be set.
 */
export class ProcessClock implements Clock {
  readonly #clock: Clock;
  #offset: number;
  #stoppedUntil = 0;
  #isOver = false;
  /** What came while it was stopped, and behind that. */
  readonly #waiting: (() => void)[] = [];
  #isWaking = false;

  /** @param offset how far its machine's wall clock is ahead */
  constructor(clock: Clock, offset = 0) {
    this.#clock = clock;
    this.#offset = offset;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Neither dead nor stopped. */
  get isRunning(): boolean {
    return !this.#isOver && this.#stoppedUntil <= this.#clock.monotonic();
  }

  now(): number {
    return this.#clock.now() + this.#offset;
  }

  monotonic(): number {
    return this.#clock.monotonic();
  }

  after(ms: number, call: () => void): Timer {
    let isCanceled = false;
    const timer = this.#clock.after(ms, () => {
      this.whenRunning(() => {
        if (!this.#isOver && !isCanceled) call();
      });
    });
    return {
      cancel: () => {
        isCanceled = true;
        timer.cancel();
      },
    };
  }

  /** Calls at once, or where the process is stopped, when it goes on: in the order in which it was asked to. */
  whenRunning(call: () => void): void {
    if (this.#waiting.length === 0 && this.#stoppedMs <= 0) {
      call();
      return;
    }
    this.#waiting.push(call);
    this.#wake();
  }

  get #stoppedMs(): number {
    return this.#stoppedUntil - this.#clock.monotonic();
  }

  /** One at a time: what follows at once from one comes before the next. */
  #wake(): void {
    if (this.#isWaking || this.#waiting.length === 0) return;
    this.#isWaking = true;
    this.#clock.after(this.#stoppedMs, () => {
      this.#isWaking = false;
      if (this.#stoppedMs <= 0) this.#waiting.shift()?.();
      this.#wake();
    });
  }

  /** The process does not run for so long, and finds afterwards what came meanwhile. */
  stop(ms: number): void {
    this.#stoppedUntil = Math.max(this.#stoppedUntil, this.#clock.monotonic() + ms);
  }

  set(byMs: number): void {
    this.#offset += byMs;
  }

  end(): void {
    this.#isOver = true;
  }
}
