/**
 * Libraries that several connections of this program use: each has a process of its own, which takes a
 * while to start, and a service connects more than once.
 */
import type { Clock, Timer } from '@pstar/core/adaptor';

/** After this long without a connection a library is closed. */
const IDLE_MS = 5_000;

interface Entry<T> {
  readonly library: Promise<T>;
  holders: number;
  idle: Timer | undefined;
}

/** Libraries by what they are loaded with. */
export class SharedLibraries<T extends { close(): Promise<void> }> {
  readonly #entries = new Map<string, Entry<T>>();

  /** Loads it unless it is there. Whoever holds one lets it go, once. */
  async hold(key: string, load: () => Promise<T>): Promise<T> {
    const entry = this.#entries.get(key) ?? this.#add(key, load);
    entry.holders += 1;
    entry.idle?.cancel();
    entry.idle = undefined;
    return entry.library;
  }

  /** Closes it when nobody has held it for a while, or at once when it is of no use any more. */
  async release(key: string, clock: Clock, isBroken = false): Promise<void> {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    entry.holders -= 1;
    if (isBroken) {
      // Those that still have it keep it; the next one loads it anew.
      this.#entries.delete(key);
      if (entry.holders <= 0) await entry.library.then((library) => library.close());
    } else if (entry.holders <= 0) {
      const close = () => {
        this.#entries.delete(key);
        void entry.library.then((library) => library.close());
      };
      entry.idle = clock.after(IDLE_MS, close, { unref: true });
    }
  }

  #add(key: string, load: () => Promise<T>): Entry<T> {
    const entry: Entry<T> = { library: load(), holders: 0, idle: undefined };
    this.#entries.set(key, entry);
    entry.library.catch(() => {
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
    });
    return entry;
  }
}
