/**
 * The native jobs of a service's pilots at one resource manager: watched until they are over, and
 * ended, however often it takes. What their states mean for a pilot is not known here.
 */
import type { NativeState, ResourceManager } from '../adaptor/adaptor.ts';
import type { Clock, Timer } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';

/** The first wait after something has happened; each next one is twice as long. */
const POLL_MS_MIN = 100;
const POLL_MS_DEFAULT = 10_000;
/** The longest wait while the resource manager does not answer. */
const RETRY_MS_MAX = 300_000;

/** What native jobs are watched with. */
export interface NativeJobsParts {
  readonly manager: ResourceManager;
  /** Names the resource manager in the log. */
  readonly rm: string;
  readonly clock: Clock;
  readonly log: Log;
  report(pilotId: string, state: NativeState): void;
}

/** The connection to one resource manager with all that is watched there. */
export class NativeJobs {
  readonly manager: ResourceManager;
  readonly #parts: NativeJobsParts;
  /** Pilot ids by native id, of what is not over. */
  readonly #watched = new Map<string, string>();
  readonly #toCancel = new Set<string>();
  readonly #subscription: { unsubscribe(): void } | undefined;
  #waitMs = POLL_MS_MIN;
  #timer: Timer | undefined;
  #busy = false;
  #closed = false;

  constructor(parts: NativeJobsParts) {
    this.#parts = parts;
    this.manager = parts.manager;
    this.#subscription = parts.manager.states$?.subscribe((state) => this.#report(state));
  }

  /** Reports a native job's state until it is over, the present one soon. */
  watch(pilotId: string, nativeId: string): void {
    this.#watched.set(nativeId, pilotId);
    this.#soon();
  }

  /** Has a native job ended; tries again until it is over. */
  cancel(nativeId: string): void {
    if (!this.#watched.has(nativeId)) return;
    this.#toCancel.add(nativeId);
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
    const waitBefore = this.#waitMs;
    let longest = this.manager.pollIntervalMs ?? POLL_MS_DEFAULT;
    try {
      await this.#cancelAll();
      await this.#poll();
    } catch (error) {
      longest = RETRY_MS_MAX;
      this.#parts.log.warn(
        { rm: this.#parts.rm, err: error },
        'the resource manager does not answer',
      );
    }
    this.#busy = false;
    // Something may have happened meanwhile that wants a look soon.
    const unchanged = this.#waitMs === waitBefore;
    if (unchanged) this.#waitMs = Math.min(2 * this.#waitMs, Math.max(longest, POLL_MS_MIN));
    this.#schedule(this.#waitMs);
  }

  async #cancelAll(): Promise<void> {
    const ids = [...this.#toCancel].filter((id) => this.#watched.has(id));
    if (ids.length === 0) return;
    await this.manager.cancel(ids);
    for (const id of ids) this.#toCancel.delete(id);
  }

  async #poll(): Promise<void> {
    if (this.#watched.size === 0 || this.manager.states === undefined) return;
    for (const state of await this.manager.states([...this.#watched.keys()])) this.#report(state);
  }

  #report(state: NativeState): void {
    const pilotId = this.#watched.get(state.id);
    if (pilotId === undefined || this.#closed) return;
    if (['Done', 'Canceled', 'Failed'].includes(state.state)) this.#watched.delete(state.id);
    this.#parts.report(pilotId, state);
  }
}
