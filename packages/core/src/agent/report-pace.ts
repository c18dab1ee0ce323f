/** When an agent says what has happened: at once where somebody waits for it, gathered where nobody does. */
import type { Clock, Timer } from '../runtime/clock.ts';

/**
 * How long a busy agent gathers reports. A message and a commit for each single end took 80 µs of the
 * manager's time and 50 µs of the agent's, as much as starting the process. Gathering for 10 ms cost both
 * together 9 µs a unit more than this; 40 ms would save 9 µs, but somebody may be looking.
 */
export const REPORT_MS = 25;
/**
 * How long the report of a start may wait. When it went out at once, the manager took it in while the process
 * was still being loaded, and slowed it down: a unit took 0.90 ms instead of 0.86 on a machine with two idle
 * cores, and half as long again on a busy one. A process that does nothing has ended by then, so that its
 * start and end are one report, one commit and one acknowledgement instead of two.
 */
const START_MS = 3;

/** Decides when `report` is called. */
export class ReportPace {
  readonly #clock: Clock;
  readonly #report: () => void;
  #timer: Timer | undefined;
  #isDue = false;

  constructor(clock: Clock, report: () => void) {
    this.#clock = clock;
    this.#report = report;
  }

  /** Something has happened: it is reported with all of this tick, or with all of some milliseconds where that costs nobody anything. */
  happened(hasPlenty: boolean): void {
    if (this.#isDue) return;
    if (hasPlenty) {
      this.#within(REPORT_MS);
      return;
    }
    this.#isDue = true;
    setImmediate(() => this.#flush());
  }

  /**
   * Something has started. An agent that has plenty to do gathers starts with ends: otherwise half of all
   * reports went out after START_MS, for 7 to 20 µs a unit of the agent's time and 13 of the manager's.
   */
  started(hasPlenty: boolean): void {
    this.#within(hasPlenty ? REPORT_MS : START_MS);
  }

  close(): void {
    this.#timer?.cancel();
  }

  #within(ms: number): void {
    if (this.#isDue || this.#timer !== undefined) return;
    this.#timer = this.#clock.after(ms, () => this.#flush());
  }

  #flush(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#isDue = false;
    this.#report();
  }
}
