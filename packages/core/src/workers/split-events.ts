/**
 * Two users of one executor: it reaps every child of its program, so that workers are started by the
 * same one as units are. Their runs have keys of a range apart, and each hears of its own.
 */
import type {
  ExecutorEvents,
  OutputPart,
  OutputStream,
  UnitOutcome,
} from '../executor/unit-run.ts';

/** Runs of workers have keys from here on, counting up; those of units never come so far. */
export const FIRST_WORKER_KEY = 2 ** 52;

/** What the executor of units and workers is given as its listener. */
export class SplitEvents implements ExecutorEvents {
  readonly #ofUnits: ExecutorEvents;
  /** Set by whoever starts workers, before the first one. */
  ofWorkers: ExecutorEvents | undefined;

  constructor(ofUnits: ExecutorEvents) {
    this.#ofUnits = ofUnits;
  }

  #of(key: number): ExecutorEvents | undefined {
    return key < FIRST_WORKER_KEY ? this.#ofUnits : this.ofWorkers;
  }

  started(key: number, at: number): void {
    this.#of(key)?.started(key, at);
  }

  ended(key: number, outcome: UnitOutcome): void {
    this.#of(key)?.ended(key, outcome);
  }

  progress(key: number, fraction: number | undefined, message: string, at: number): void {
    this.#of(key)?.progress(key, fraction, message, at);
  }

  output(key: number, stream: OutputStream, part: OutputPart): void {
    this.#of(key)?.output(key, stream, part);
  }
}
