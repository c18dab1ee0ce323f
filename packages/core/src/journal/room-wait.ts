/** Waits for a full disk to have room again: what is to become durable is kept meanwhile. */

import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';

const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 5000;

/** One wait after the other, longer each time. */
export class RoomWait {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #directory: string;
  #pause = FIRST_RETRY_MS;
  #isOver = false;
  #endPause: (() => void) | undefined;

  constructor({ clock, log, directory }: { clock: Clock; log: Log; directory: string }) {
    this.#clock = clock;
    this.#log = log;
    this.#directory = directory;
  }

  /** Nobody will be there to see the disk get room. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Waits a while; `waiting` is how many bytes are kept, for the warning that the first wait is worth. */
  async next(waiting: number): Promise<void> {
    if (this.#pause === FIRST_RETRY_MS) {
      this.#log.warn(
        { directory: this.#directory, waiting },
        'the disk is full: nothing becomes durable until there is room again',
      );
    }
    await new Promise<void>((resume) => {
      const timer = this.#clock.after(this.#pause, resume);
      this.#endPause = () => {
        timer.cancel();
        resume();
      };
    });
    this.#endPause = undefined;
    this.#pause = Math.min(2 * this.#pause, LAST_RETRY_MS);
  }

  /** There was room. */
  begin(): void {
    this.#pause = FIRST_RETRY_MS;
  }

  /** Ends the wait that is under way, and all waiting. */
  end(): void {
    this.#isOver = true;
    this.#endPause?.();
  }
}
