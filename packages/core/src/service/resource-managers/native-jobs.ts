/**
 * The native jobs of a service's pilots at one resource manager: watched until they are over, and
 * ended, however often it takes. What their states mean for a pilot is not known here.
 */

import type { NativeState, ResourceManager } from '../../adaptor/adaptor.ts';
import { messageOf } from '../../model/message-of.ts';
import type { Clock, Timer } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import { NativeWords } from './native-words.ts';

/** The first wait after something has happened; each next one is twice as long. */
const POLL_MS_MIN = 100;
const POLL_MS_DEFAULT = 10_000;
/** The longest wait while the resource manager does not answer. */
const RETRY_MS_MAX = 60_000;
/**
 * A native job is forgotten when it is unknown in so many answers in a row, over so long: a queue may
 * be slow to show what it has accepted. One that was to end vanishes as it should.
 */
const FORGOTTEN = { answers: 3, ms: 60_000, canceledMs: 5_000 };

/** What native jobs are watched with. */
export interface NativeJobsParts {
  readonly manager: ResourceManager;
  /** Names the resource manager in the log. */
  readonly rm: string;
  readonly clock: Clock;
  readonly log: Log;
  /**
   * @param forgotten the resource manager has not known it for long
   * @param asOf what this was asked or heard at, by the monotonic clock: it was so then or later
   */
  report(pilotId: string, state: NativeState, forgotten: boolean, asOf: number): void;
}

interface Watched {
  /** Undefined for one that is to end, and that no pilot has. */
  readonly pilotId: string | undefined;
  /** Since when it is unknown, and in how many answers. */
  unknown: { readonly since: number; answers: number } | undefined;
  cancel: 'no' | 'wanted' | 'done';
  /** How many states of it were pushed: what was asked for before one is older than it. */
  pushes: number;
}

interface PushedEnd {
  readonly pilotId: string;
  readonly state: NativeState;
}

/** The connection to one resource manager with all that is watched there. */
export class NativeJobs {
  readonly manager: ResourceManager;
  readonly #parts: NativeJobsParts;
  /** By native id, of what is not over. */
  readonly #watched = new Map<string, Watched>();
  /** Ends that were pushed and cannot be asked for, by native id: until unwatched they may be wanted again. */
  readonly #pushedEnds = new Map<string, PushedEnd>();
  readonly #words: NativeWords;
  readonly #subscription: { unsubscribe(): void } | undefined;
  #trouble: string | undefined;
  #waitMs = POLL_MS_MIN;
  #timer: Timer | undefined;
  #busy = false;
  #closed = false;

  constructor(parts: NativeJobsParts) {
    this.#parts = parts;
    this.manager = parts.manager;
    this.#words = new NativeWords(parts.log, parts.rm);
    this.#subscription = parts.manager.states$?.subscribe((state) => this.#pushed(state));
  }

  /** Why the resource manager does not answer, in its words; undefined while it does. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** Reports a native job's state until it is over, the present one soon. */
  watch(pilotId: string, nativeId: string): void {
    const known = this.#watched.get(nativeId)?.pilotId;
    if (known === undefined) this.#add(nativeId, { pilotId, cancel: 'no' });
    this.#soon();
  }

  /** Has one ended that was accepted when nobody wanted it any more; tries again until it is over. */
  end(nativeId: string): void {
    if (this.#watched.has(nativeId)) return;
    this.#add(nativeId, { pilotId: undefined, cancel: 'wanted' });
    this.#soon();
  }

  /** It is over for whoever watches it, whatever the resource manager says. */
  unwatch(pilotId: string, nativeId: string): void {
    if (this.#pushedEnds.get(nativeId)?.pilotId === pilotId) this.#pushedEnds.delete(nativeId);
    if (this.#watched.get(nativeId)?.pilotId === pilotId) this.#watched.delete(nativeId);
  }

  /** Has a native job ended; tries again until it is over. */
  cancel(nativeId: string): void {
    const job = this.#watched.get(nativeId);
    if (job === undefined) return;
    job.cancel = 'wanted';
    this.#soon();
  }

  /** Kills at once what can be. */
  kill(): void {
    this.manager.kill?.([...this.#watched.keys()]);
  }

  /** The native jobs live on. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    this.#subscription?.unsubscribe();
    await this.manager.close();
  }

  #add(nativeId: string, job: Pick<Watched, 'pilotId' | 'cancel'>): void {
    this.#watched.set(nativeId, { ...job, unknown: undefined, pushes: 0 });
  }

  #soon(): void {
    this.#waitMs = POLL_MS_MIN;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#schedule(0);
  }

  #schedule(ms: number): void {
    if (this.#closed || this.#busy || this.#watched.size === 0) return;
    this.#timer ??= this.#parts.clock.after(ms, () => void this.#round(), { unref: true });
  }

  async #round(): Promise<void> {
    this.#timer = undefined;
    this.#busy = true;
    const before = this.#trouble;
    const waitBefore = this.#waitMs;
    let longest = this.manager.pollIntervalMs ?? POLL_MS_DEFAULT;
    try {
      // What cannot all be ended now is asked for again; what was ended is to be known all the same.
      const failure = await this.#cancelAll();
      await this.#poll();
      if (failure !== undefined) throw failure.error;
      this.#trouble = undefined;
    } catch (error) {
      longest = RETRY_MS_MAX;
      this.#trouble = messageOf(error);
      for (const job of this.#watched.values()) job.unknown = undefined;
      this.#say(before, error);
    }
    this.#busy = false;
    // Something may have happened meanwhile that wants a look soon.
    const unchanged = this.#waitMs === waitBefore;
    if (unchanged) this.#waitMs = Math.min(2 * this.#waitMs, Math.max(longest, POLL_MS_MIN));
    this.#schedule(this.#waitMs);
  }

  async #cancelAll(): Promise<{ readonly error: unknown } | undefined> {
    const wanted = [...this.#watched].filter(([, { cancel }]) => cancel === 'wanted');
    if (wanted.length === 0) return undefined;
    try {
      await this.manager.cancel(wanted.map(([id]) => id));
    } catch (error) {
      return { error };
    }
    for (const [, job] of wanted) job.cancel = 'done';
    return undefined;
  }

  async #poll(): Promise<void> {
    if (this.#watched.size === 0) return;
    if (this.manager.states === undefined) {
      this.#repeatEnds();
      return;
    }
    const asked = [...this.#watched].map(([id, job]) => ({ id, job, pushes: job.pushes }));
    const asOf = this.#parts.clock.monotonic();
    const answers = await this.manager.states(asked.map(({ id }) => id));
    const states = new Map(answers.map((state) => [state.id, this.#words.read(state)]));
    for (const { id, job, pushes } of asked) {
      if (job.pushes !== pushes) continue;
      const state = states.get(id) ?? { id, state: 'Unknown', detail: 'not known there' };
      this.#count(job, state);
      this.#report(state, asOf);
    }
  }

  /** Where nothing can be asked, whoever watches again has not believed what was pushed. */
  #repeatEnds(): void {
    for (const [id, { pilotId }] of [...this.#watched]) {
      const end = this.#pushedEnds.get(id);
      if (end !== undefined && end.pilotId === pilotId)
        this.#report(end.state, this.#parts.clock.monotonic());
    }
  }

  #pushed(state: NativeState): void {
    const job = this.#watched.get(state.id);
    if (job !== undefined) job.pushes += 1;
    this.#report(this.#words.read(state), this.#parts.clock.monotonic());
  }

  /** An outage is worth one warning, however often it is asked in vain. */
  #say(before: string | undefined, error: unknown): void {
    const about = { rm: this.#parts.rm, err: error };
    const words = 'the resource manager does not answer';
    if (before === undefined) this.#parts.log.warn(about, words);
    else this.#parts.log.debug(about, words);
  }

  #count(job: Watched, { state }: NativeState): void {
    const since = job.unknown?.since ?? this.#parts.clock.monotonic();
    const answers = 1 + (job.unknown?.answers ?? 0);
    job.unknown = state === 'Unknown' ? { since, answers } : undefined;
  }

  #report(state: NativeState, asOf: number): void {
    const job = this.#watched.get(state.id);
    if (job === undefined || this.#closed) return;
    const { pilotId } = job;
    const isForgotten = this.#isForgotten(job);
    const isOver = ['Done', 'Canceled', 'Failed'].includes(state.state);
    if (isOver && pilotId !== undefined && this.manager.states === undefined) {
      this.#pushedEnds.set(state.id, { pilotId, state });
    }
    if (isOver || (pilotId === undefined && isForgotten)) this.#watched.delete(state.id);
    if (pilotId !== undefined) this.#parts.report(pilotId, state, isForgotten, asOf);
  }

  #isForgotten({ unknown, cancel }: Watched): boolean {
    if (unknown === undefined || unknown.answers < FORGOTTEN.answers) return false;
    const ms = this.#parts.clock.monotonic() - unknown.since;
    return ms >= (cancel === 'done' ? FORGOTTEN.canceledMs : FORGOTTEN.ms);
  }
}
