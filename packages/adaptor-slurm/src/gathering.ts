/** Gathers what is handed in at the same moment, by what it has in common. Knows nothing of Slurm. */
import type { Clock, Timer } from '@pstar/core/adaptor';

/** A group is complete when nothing has come for this long, by default. */
const QUIET_MS = 10;
/** Nobody waits longer than so many times that. */
const QUIETS_MAX = 10;

interface Group<T, R> {
  readonly items: { readonly item: T; settle(result: Promise<R>): void }[];
  readonly since: number;
  timer: Timer;
}

/** Hands on groups of equal keys. */
export class Gathering<T, R> {
  readonly #clock: Clock;
  readonly #handle: (items: readonly T[]) => readonly Promise<R>[];
  readonly #quietMs: number;
  readonly #groups = new Map<string, Group<T, R>>();

  /**
   * @param handle gives a result for each of the items, in their order
   * @param quietMs after this long without another one those that have come are handed on
   */
  constructor(
    clock: Clock,
    handle: (items: readonly T[]) => readonly Promise<R>[],
    quietMs = QUIET_MS,
  ) {
    this.#clock = clock;
    this.#handle = handle;
    this.#quietMs = quietMs;
  }

  /** Settles as the item's own result does. */
  add(key: string, item: T): Promise<R> {
    return new Promise((resolve) => {
      const now = this.#clock.monotonic();
      const flush = () => this.#flush(key);
      const known = this.#groups.get(key);
      const wait = () => this.#clock.after(this.#quietMs, flush);
      const group = known ?? { items: [], since: now, timer: wait() };
      group.items.push({ item, settle: resolve });
      if (known === undefined) {
        this.#groups.set(key, group);
      } else if (now - group.since < QUIETS_MAX * this.#quietMs) {
        group.timer.cancel();
        group.timer = wait();
      }
    });
  }

  #flush(key: string): void {
    const { items } = this.#groups.get(key) as Group<T, R>;
    this.#groups.delete(key);
    const results = this.#handle(items.map(({ item }) => item));
    for (const [index, { settle }] of items.entries()) settle(results[index] as Promise<R>);
  }
}
