/**
 * Keeps a program alive while it waits for units, and says so when it waits in vain.
 *
 * Without any pilot nothing is left for Node to do, and it would end a program in the middle of an
 * `await` without a word.
 */
import type { Clock, Timer } from '../../runtime/clock.ts';

/** How often whoever waits looks whether anything can come of it. */
const LOOK_MS = 10_000;

export class Patience {
  readonly #clock: Clock;
  readonly #look: () => void;
  #waiting = 0;
  #timer: Timer | undefined;

  /** `look` is called every now and then while somebody waits. */
  constructor(clock: Clock, look: () => void) {
    this.#clock = clock;
    this.#look = look;
  }

  /** The promise; until it settles, the program does not end for want of something to do. */
  async with<T>(promise: Promise<T>): Promise<T> {
    if (this.#waiting++ === 0) this.#tick();
    try {
      return await promise;
    } finally {
      if (--this.#waiting === 0) this.#timer?.cancel();
    }
  }

  #tick(): void {
    this.#timer = this.#clock.after(LOOK_MS, () => {
      this.#look();
      this.#tick();
    });
  }
}
