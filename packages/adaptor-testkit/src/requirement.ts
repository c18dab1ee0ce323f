/** What an adaptor promises, as data: a name, a sentence, and how to find out. */
import type { Trial } from './trial.ts';

/** One promise, for people. */
export interface AdaptorRequirement {
  /** Its theme and its own: `cancel:twice`. */
  readonly name: string;
  /** What an adaptor does that meets it. */
  readonly sentence: string;
}

/** One promise with its proof, which knows no test runner: it is met unless `run` rejects. */
export interface Requirement extends AdaptorRequirement {
  run(trial: Trial): Promise<void>;
}
