/**
 * Ends of units that may be the agent's own: whoever ends a whole native job, as Slurm does, sends
 * SIGTERM or SIGKILL to all of its processes, and a unit's end may be seen before the agent's signal
 * is. Such an end is held for a moment; if the agent is told to go meanwhile, the unit was as well,
 * and if it is killed, nobody hears of what was not the unit's fault.
 */
import { constants } from 'node:os';
import { FAILURE_REASONS } from '../model/exit.ts';
import type { Clock, Timer } from '../runtime/clock.ts';
import type { RunOutcome } from './service-work.ts';

const SIGNALS: readonly number[] = [constants.signals.SIGTERM, constants.signals.SIGKILL];
const TIME_LIMIT = FAILURE_REASONS.indexOf('TIME_LIMIT');
/** A shell adds this to the signal that has ended a program which it has waited for. */
const SHELL_SIGNAL = 128;
/** A node that is busy may take its time from one process to the next. */
const SAME_SIGNAL_MS = 1000;

/** Takes a unit's end in. */
export type TakeEnd = (key: number, outcome: RunOutcome) => void;

/** The ends of which it is not known yet whose they are. */
export class DoubtfulEnds {
  readonly #clock: Clock;
  readonly #take: TakeEnd;
  readonly #held = new Map<number, { outcome: RunOutcome; timer: Timer }>();

  constructor(clock: Clock, take: TakeEnd) {
    this.#clock = clock;
    this.#take = take;
  }

  /** Takes an end in, at once unless it is in doubt. */
  put(key: number, outcome: RunOutcome): void {
    const signal = outcome.signal ?? (outcome.exitCode ?? 0) - SHELL_SIGNAL;
    // What has reached its time limit was ended by us.
    const isOurs = outcome.terminated || outcome.reason === TIME_LIMIT;
    if (!SIGNALS.includes(signal) || isOurs) {
      this.#take(key, outcome);
      return;
    }
    const take = (): void => {
      this.#held.delete(key);
      this.#take(key, outcome);
    };
    const timer = this.#clock.after(SAME_SIGNAL_MS, take, { unref: true });
    this.#held.set(key, { outcome, timer });
  }

  /** The agent was told to go: what is in doubt was told so too. */
  wereTold(): void {
    for (const [key, { outcome, timer }] of this.#held) {
      timer.cancel();
      this.#take(key, { ...outcome, terminated: true });
    }
    this.#held.clear();
  }
}
