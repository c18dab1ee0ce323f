/** A clock that stands still until it is told. */
import type { Clock, Timer } from '@pstar/core/adaptor';

/** Calls what is due when it is advanced. */
export class ManualClock implements Clock {
  #now = 0;
  #due: { readonly at: number; readonly call: () => void }[] = [];

  now(): number {
    return this.#now;
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

  advance(ms: number): void {
    const until = this.#now + ms;
    for (;;) {
      const [next] = this.#due.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.#due = this.#due.filter((each) => each !== next);
      this.#now = next.at;
      next.call();
    }
    this.#now = until;
  }
}
