/** When a worker is ended that was asked to end its call: set again, it can only be sooner. */
import type { Clock, Timer } from '../runtime/clock.ts';
import type { Worker } from './worker.ts';

/**
 * So long a call that is canceled may go on, if it has not asked for its signal then: one that has just
 * begun may be about to, and one that is short ends by itself, and leaves its worker warm.
 */
const DEAF_MS = 200;

export class KillTimer {
  readonly #clock: Clock;
  readonly #worker: () => Worker | undefined;
  #timer: Timer | undefined;
  #deaf: Timer | undefined;
  #at = Number.POSITIVE_INFINITY;

  /** @param worker the one that is to end, when it is */
  constructor(clock: Clock, worker: () => Worker | undefined) {
    this.#clock = clock;
    this.#worker = worker;
  }

  /** It has so much time from now on. */
  within(ms: number): void {
    const now = this.#clock.monotonic();
    this.#at = Math.min(this.#at, now + ms);
    this.#timer?.cancel();
    this.#timer = this.#clock.after(this.#at - now, () => this.#worker()?.kill());
  }

  /** Nobody wants what it does; but whoever listens may have something to put in order. */
  soonIfDeaf(): void {
    this.#deaf ??= this.#clock.after(DEAF_MS, () => {
      const worker = this.#worker();
      if (worker?.mark?.isHeard !== true) worker?.kill();
    });
  }

  cancel(): void {
    this.#timer?.cancel();
    this.#deaf?.cancel();
  }
}
