/**
 * Lets through what units say about their progress, so often that it looks alive and not so often
 * that a unit which counts to a million floods the link. What was said last always gets through.
 */
import type { Clock, Timer } from '../runtime/clock.ts';

/** A line of a unit's progress. */
export interface ProgressLine {
  readonly fraction: number | undefined;
  readonly message: string;
  readonly at: number;
}

const WINDOW_MS = 100;

/** Passes on the last line of each unit in each tenth of a second. */
export class ProgressGate {
  readonly #clock: Clock;
  readonly #pass: (key: number, line: ProgressLine) => void;
  readonly #latest = new Map<number, ProgressLine>();
  #window: Timer | undefined;

  constructor(clock: Clock, pass: (key: number, line: ProgressLine) => void) {
    this.#clock = clock;
    this.#pass = pass;
  }

  /** A unit has said something. */
  put(key: number, line: ProgressLine): void {
    this.#latest.set(key, line);
    this.#window ??= this.#clock.after(WINDOW_MS, () => this.#passAll());
  }

  /** The unit is about to end: its last line goes first. */
  finish(key: number): void {
    const line = this.#latest.get(key);
    if (line === undefined) return;
    this.#latest.delete(key);
    this.#pass(key, line);
  }

  close(): void {
    this.#window?.cancel();
    this.#latest.clear();
  }

  #passAll(): void {
    this.#window = undefined;
    const lines = [...this.#latest];
    this.#latest.clear();
    for (const [key, line] of lines) this.#pass(key, line);
  }
}
