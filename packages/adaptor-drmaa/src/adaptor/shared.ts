/**
 * Libraries and sessions that several connections of this program use: each has a process of its own,
 * which takes a while to start, and a service connects more than once.
 */
import type { Clock, Timer } from '@pstar/core/adaptor';

interface Entry<T> {
  readonly value: Promise<T>;
  holders: number;
  idle: Timer | undefined;
}

/** What is shared, by what it is opened with. */
export class Shared<T> {
  readonly #entries = new Map<string, Entry<T>>();
  readonly #close: (value: T) => Promise<void>;
  readonly #idleMs: number;

  /** @param idleMs after so long without a holder it is closed */
  constructor(close: (value: T) => Promise<void>, idleMs: number) {
    this.#close = close;
    this.#idleMs = idleMs;
  }

  /** Opens it unless it is open. Whoever gets it lets it go, once. */
  async hold(key: string, open: () => Promise<T>): Promise<T> {
    const entry = this.#entries.get(key) ?? this.#add(key, open);
    entry.holders += 1;
    entry.idle?.cancel();
    entry.idle = undefined;
    return entry.value;
  }

  /** Closes it when nobody holds it any more; one that is of no use is opened anew for the next. */
  async release(key: string, clock: Clock, isBroken = false): Promise<void> {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    entry.holders -= 1;
    if (isBroken) this.#entries.delete(key);
    if (entry.holders > 0) return;
    const close = async () => {
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
      await this.#close(await entry.value);
    };
    if (isBroken || this.#idleMs === 0) await close();
    // What cannot be closed any more is gone.
    else
      entry.idle = clock.after(this.#idleMs, () => void close().catch(() => {}), { unref: true });
  }

  #add(key: string, open: () => Promise<T>): Entry<T> {
    const entry: Entry<T> = { value: open(), holders: 0, idle: undefined };
    this.#entries.set(key, entry);
    entry.value.catch(() => {
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
    });
    return entry;
  }
}
