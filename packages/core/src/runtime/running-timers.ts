/**
 * Timers on this process's own running time. While the user's code blocks the event loop, or the
 * machine sleeps, agents may have called in vain: such time counts against nobody.
 */
import type { Clock, Timer } from './clock.ts';
import { RunningTime } from './running-time.ts';

const TICK_MS = 100;

interface Due {
  readonly at: number;
  readonly call: () => void;
}

/** A clock that stands still while this process does, with timers that go by it. */
export class RunningTimers {
  readonly #clock: Clock;
  readonly #tickMs: number;
  readonly #stoodStill: (ms: number) => void;
  readonly #due = new Set<Due>();
  readonly #time: RunningTime;
  #tick: Timer | undefined;

  /** `stoodStill` is told after each standstill how long it was. */
  constructor(clock: Clock, tickMs = TICK_MS, stoodStill: (ms: number) => void = () => {}) {
    this.#clock = clock;
    this.#stoodStill = stoodStill;
    this.#tickMs = tickMs;
    this.#time = new RunningTime(clock.monotonic());
    this.#wait();
  }

  /** Milliseconds of running, to the precision of a tick. */
  get now(): number {
    return this.#time.now;
  }

  /** Calls once, after so much running; does not keep the process alive. */
  after(ms: number, call: () => void): Timer {
    const due = { at: this.now + ms, call };
    this.#due.add(due);
    return { cancel: () => this.#due.delete(due) };
  }

  /** Nothing is called any more. */
  close(): void {
    this.#tick?.cancel();
    this.#tick = undefined;
    this.#due.clear();
  }

  #wait(): void {
    this.#tick = this.#clock.after(this.#tickMs, () => this.#advance(), { unref: true });
  }

  #advance(): void {
    const before = this.#time.standstill;
    const ran = this.#time.advance(this.#clock.monotonic(), this.#tickMs);
    this.#wait();
    // What came during a standstill is read before the next tick: until then nobody is late.
    if (!ran) {
      this.#stoodStill(this.#time.standstill - before);
      return;
    }
    for (const due of [...this.#due]) {
      if (due.at <= this.now && this.#due.delete(due)) due.call();
    }
  }
}
