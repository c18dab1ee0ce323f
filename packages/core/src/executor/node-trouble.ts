/**
 * When to try again what the node itself has refused to start: it has no room on its disk, no directory
 * for it, no more processes or files. Whatever else is to be started waits meanwhile: else a node on
 * which every unit fails at once is always the first that is free, and is given all that there is.
 */
import type { Clock, Timer } from '../runtime/clock.ts';

const PAUSE_MS = 1_000;
/** Where another node is free, it has what waits here by then. */
const PATIENCE_MS = 30_000;

/** The troubles of one node. */
export class NodeTrouble {
  readonly #clock: Clock;
  readonly #again: () => void;
  readonly #patienceMs: number;
  /** Since when nothing was started. */
  #since: number | undefined;
  #rest: Timer | undefined;

  /** @param again called when a rest is over */
  constructor(clock: Clock, again: () => void, patienceMs = PATIENCE_MS) {
    this.#clock = clock;
    this.#again = again;
    this.#patienceMs = patienceMs;
  }

  /** Whether nothing is to be started for now. */
  get isResting(): boolean {
    return this.#rest !== undefined;
  }

  /** The node has refused; false when it has done so for too long to be asked again. */
  met(): boolean {
    const now = this.#clock.monotonic();
    this.#since ??= now;
    if (now - this.#since >= this.#patienceMs) return false;
    this.#rest ??= this.#clock.after(PAUSE_MS, () => {
      this.#rest = undefined;
      this.#again();
    });
    return true;
  }

  /** Something was started. */
  over(): void {
    this.#since = undefined;
  }

  close(): void {
    this.#rest?.cancel();
  }
}
