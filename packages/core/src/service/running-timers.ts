/**
 * Timers on this process's own running time. While the user's code blocks the event loop, or the
 * machine sleeps, agents may have called in vain: such time counts against nobody.
 */
import type { Clock, Timer } from '../runtime/clock.ts';

const TICK_MS = 100;
/** A gap of so many ticks between two was no running. */
const STALLED_TICKS = 3;

interface Due {
  readonly at: number;
  readonly call: () => void;
}

/** A clock that stands still while this process does, with timers that go by it. */
export class RunningTimers {
  readonly #clock: Clock;
  readonly #tickMs: number;
  readonly #due = new Set<Due>();
  #tick: Timer | undefined;
  #last: number;
  #elapsed = 0;

  constructor(clock: Clock, tickMs = TICK_MS) {
    this.#clock = clock;
    this.#tickMs = tickMs;
    this.#last = clock.monotonic();
    this.#wait();
  }

  /** Milliseconds of running, to the precision of a tick. */
  get now(): number {
    return this.#elapsed;
  }

  /** Calls once, after so much running; does not keep the process alive. */
  after(ms: number, call: () => void): Timer {
    const due = { at: this.#elapsed + ms, call };
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
    const now = this.#clock.monotonic();
    const gap = now - this.#last;
    this.#last = now;
    this.#wait();
    if (gap > STALLED_TICKS * this.#tickMs) {
      // What came meanwhile is read before the next tick: until then nobody is late.
      this.#elapsed += this.#tickMs;
      return;
    }
    this.#elapsed += gap;
    for (const due of [...this.#due]) {
      if (due.at <= this.#elapsed && this.#due.delete(due)) due.call();
    }
  }
}
