/**
 * Libraries and sessions that several connections of this program use: each has a process of its own,
 * which takes a while to start, and a service connects more than once.
 */
import type { Clock, Timer } from '@pstar/core/adaptor';

/** What somebody holds. */
export interface Held<T> {
  readonly value: T;
  /** Once; see {@link Shared}. One that is of no use is opened anew for the next. */
  release(isBroken?: boolean): Promise<void>;
}

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

  /** Opens it unless it is open. It is closed when nobody holds it any more. */
  async hold(key: string, clock: Clock, open: () => Promise<T>): Promise<Held<T>> {
    const entry = this.#entries.get(key) ?? this.#add(key, open);
    entry.holders += 1;
    entry.idle?.cancel();
    entry.idle = undefined;
    const release = (isBroken = false) => this.#release(key, entry, clock, isBroken);
    return { value: await entry.value, release };
  }

  async #release(key: string, entry: Entry<T>, clock: Clock, isBroken: boolean): Promise<void> {
    const forget = () => {
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
    };
    entry.holders -= 1;
    if (isBroken) forget();
    if (entry.holders > 0) return;
    const close = async () => {
      forget();
      await this.#close(await entry.value);
    };
    if (this.#entries.get(key) !== entry || this.#idleMs === 0) await close();
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
