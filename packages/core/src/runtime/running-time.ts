/** How long this process has really been running. Reads no clock itself. */

/** A look that comes later than so many times what was due finds that there was a standstill. */
const STANDSTILL = 3;

/**
 * Time as the process itself has lived it: while it was stopped, its machine slept, or its event
 * loop was held up, others may have called in vain, so that time must not count against them.
 */
export class RunningTime {
  #last: number;
  #elapsed = 0;
  #standstill = 0;

  /** @param monotonic now, by the clock that never goes back */
  constructor(monotonic: number) {
    this.#last = monotonic;
  }

  /** Milliseconds, as of the last look. */
  get now(): number {
    return this.#elapsed;
  }

  /** Milliseconds during which it did not run. */
  get standstill(): number {
    return this.#standstill;
  }

  /**
   * Looks at the clock, and tells whether the process has been running since the last look. If it
   * has not, what came meanwhile is still to be read: before that, nobody should be called late.
   *
   * @param dueMs after what time this look was to come; of a standstill only this much counts
   */
  advance(monotonic: number, dueMs: number): boolean {
    const gap = monotonic - this.#last;
    const ran = gap <= STANDSTILL * dueMs;
    this.#last = monotonic;
    this.#elapsed += ran ? gap : dueMs;
    if (!ran) this.#standstill += gap - dueMs;
    return ran;
  }
}
