/** When a worker is ended that was asked to end its call: set again, it can only be sooner. */
import type { Clock, Timer } from '../runtime/clock.ts';

export class KillTimer {
  readonly #clock: Clock;
  readonly #kill: () => void;
  #timer: Timer | undefined;
  #at = Number.POSITIVE_INFINITY;

  constructor(clock: Clock, kill: () => void) {
    this.#clock = clock;
    this.#kill = kill;
  }

  /** It has so much time from now on. */
  within(ms: number): void {
    const now = this.#clock.monotonic();
    this.#at = Math.min(this.#at, now + ms);
    this.#timer?.cancel();
    this.#timer = this.#clock.after(this.#at - now, this.#kill);
  }

  cancel(): void {
    this.#timer?.cancel();
  }
}
