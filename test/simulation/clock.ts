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

/** The clock of one process: when that dies, none of its timers rings any more. */
export class ProcessClock implements Clock {
  readonly #clock: Clock;
  #isOver = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  now(): number {
    return this.#clock.now();
  }

  monotonic(): number {
    return this.#clock.monotonic();
  }

  after(ms: number, call: () => void): Timer {
    return this.#clock.after(ms, () => {
      if (!this.#isOver) call();
    });
  }

  end(): void {
    this.#isOver = true;
  }
}
