/**
 * Units that wait until their node takes files again: its disk is full, say. The manager may have them
 * back meanwhile, for another node. Without this a node on which every unit fails at once is always the
 * first that is free, and is given all that there is. Is told the time, and knows no clock.
 */
import type { StagingProblem } from './unit-effects.ts';

/** From one try to the next, twice as long each time: what tries seldom costs nobody anything. */
const PAUSE_MS = { least: 1_000, most: 30_000 };
/** A unit that was tried for so long has failed: where there is another node, it is there by then. */
const PATIENCE_MS = 30_000;
/** And only after so many tries: the first ones come close together, and may all hit the same peak. */
const LEAST_TRIES = 4;

/** What went wrong at a try, and when that was. */
export interface FailedTry {
  readonly problem: StagingProblem;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

interface Rest {
  tries: number;
  /** Of the last try, until time has passed. */
  failed: FailedTry | undefined;
  /** Undefined until time has passed. */
  since: number | undefined;
  isWaiting: boolean;
}

/** What is to be done now that time has passed. */
interface Due<U> {
  readonly again: readonly U[];
  readonly hopeless: readonly (readonly [U, FailedTry])[];
}

/** The units that wait at one node, whose turn it is longest first. */
export class StagingRests<U> {
  readonly #rests = new Map<U, Rest>();
  /** In vain, since the node last took something. */
  #tries = 0;
  #pauseMs = 0;
  /** When the next is tried; undefined: after a pause that begins when time passes. */
  #until: number | undefined;

  /** Whether nothing is to be tried that has not waited. */
  get isOn(): boolean {
    return this.#tries > 0;
  }

  /** It waits without having been tried. */
  add(unit: U): void {
    this.#rests.set(unit, { tries: 0, failed: undefined, since: undefined, isWaiting: true });
  }

  /** It was tried in vain, and waits. */
  failed(unit: U, failed: FailedTry): void {
    const known = this.#rests.get(unit);
    // What was on its way when the first one failed is the same try.
    if (known !== undefined || !this.isOn) {
      this.#tries += 1;
      this.#until = undefined;
    }
    // At the end: others are tried before it is again, and may be small enough.
    this.#rests.delete(unit);
    const { tries = 0, since } = known ?? {};
    this.#rests.set(unit, { tries: tries + 1, failed, since, isWaiting: true });
  }

  /** Its files are on the node, which therefore takes files. */
  arrived(unit: U): void {
    this.#rests.delete(unit);
    this.#tries = 0;
    this.#pauseMs = 0;
    this.#until = Number.NEGATIVE_INFINITY;
  }

  /** It does not wait any more, for whatever reason. */
  remove(unit: U): void {
    const rest = this.#rests.get(unit);
    if (rest === undefined) return;
    if (this.#rests.size === 1) this.arrived(unit);
    this.#rests.delete(unit);
    // The one that was to show it says nothing any more: the next one does.
    if (!rest.isWaiting) this.#until = Number.NEGATIVE_INFINITY;
  }

  /** Time has passed. */
  tick(now: number): Due<U> {
    const hopeless: [U, FailedTry][] = [];
    const waiting: U[] = [];
    for (const [unit, rest] of this.#rests) {
      rest.since ??= now;
      const tries = Math.max(rest.tries, this.#tries);
      const isLast = now - rest.since >= PATIENCE_MS && tries >= LEAST_TRIES;
      if (rest.failed !== undefined && isLast) hopeless.push([unit, rest.failed]);
      else if (rest.isWaiting) waiting.push(unit);
      rest.failed = undefined;
    }
    if (this.#until === undefined) {
      this.#pauseMs = Math.min(PAUSE_MS.most, Math.max(PAUSE_MS.least, 2 * this.#pauseMs));
      this.#until = now + this.#pauseMs;
    }
    return { again: now < this.#until ? [] : this.#next(waiting, now), hopeless };
  }

  /** Where the last one has failed, one is enough to see whether it is any better. */
  #next(waiting: readonly U[], now: number): readonly U[] {
    const next = this.isOn ? waiting.slice(0, 1) : waiting;
    for (const unit of next) (this.#rests.get(unit) as Rest).isWaiting = false;
    // One that takes so long without failing is no reason for the others to wait.
    if (next.length > 0) this.#until = now + PAUSE_MS.most;
    return next;
  }
}
