import type { Clock, Timer } from '../../src/runtime/clock.ts';

/** A clock that moves when the test says so. */
export class ManualClock implements Clock {
  #now = 0;
  #due: { at: number; call: () => void }[] = [];

  now(): number {
    return 1_000_000 + this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  after(ms: number, call: () => void): Timer {
    const entry = { at: this.#now + ms, call };
    this.#due.push(entry);
    return {
      cancel: () => {
        this.#due = this.#due.filter((each) => each !== entry);
      },
    };
  }

  /** Calls what is due on the way, in order. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const [next] = this.#due.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.#due = this.#due.filter((each) => each !== next);
      this.#now = Math.max(this.#now, next.at);
      next.call();
    }
    this.#now = end;
  }
}
