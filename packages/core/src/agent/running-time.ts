/** How long this process has really been running. Pure. */

/**
 * Time as the process itself has lived it: while it was stopped, its machine slept, or its event
 * loop was held up, others may have called in vain, so that time must not count against them.
 */
export class RunningTime {
  #last: number;
  #elapsed = 0;

  /** @param monotonic now, by the clock that never goes back */
  constructor(monotonic: number) {
    this.#last = monotonic;
  }

  /** Milliseconds, as of the last look. */
  get now(): number {
    return this.#elapsed;
  }

  /**
   * Looks at the clock.
   *
   * @param dueMs after what time this look was to come; more than twice that was not lived
   */
  advance(monotonic: number, dueMs: number): number {
    this.#elapsed += Math.min(monotonic - this.#last, 2 * dueMs);
    this.#last = monotonic;
    return this.#elapsed;
  }
}
