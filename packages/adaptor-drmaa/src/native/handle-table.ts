/**
 * What C has allocated and somebody outside of this process holds, by number. A pointer is freed once,
 * after the last call that uses it has returned, and never used afterwards.
 */
import { NativeError } from './native-error.ts';

/** Frees what a pointer points to. */
export type Free = (pointer: bigint) => unknown;

interface Entry {
  readonly kind: string;
  readonly pointer: bigint;
  readonly free: Free;
  users: number;
  /** Set once it shall be freed: nobody may begin to use it. */
  freed: Promise<void> | undefined;
  lastUserGone: () => void;
}

/** More than a process ever holds: so no number is of two processes. */
const SPAN = 2 ** 30;

/** The objects of one library that are still there. */
export class HandleTable {
  readonly #entries = new Map<number, Entry>();
  #last = process.pid * SPAN;

  /** Takes an object of C in; `kind` is what it is called when it is refused: `job template`. */
  add(kind: string, pointer: bigint, free: Free): number {
    this.#last += 1;
    const lastUserGone = () => {};
    const entry = { kind, pointer, free, users: 0, freed: undefined, lastUserGone };
    this.#entries.set(this.#last, entry);
    return this.#last;
  }

  /**
   * Does something with the object, which is there until that has settled.
   *
   * @throws NativeError `WRONG_STATE` when it is freed, or was never there.
   */
  async use<T>(handle: number, kind: string, action: (pointer: bigint) => Promise<T>): Promise<T> {
    const entry = this.#entries.get(handle);
    if (entry === undefined || entry.kind !== kind || entry.freed !== undefined)
      throw new NativeError({ code: 'WRONG_STATE', problem: `the ${kind} has been freed` });
    entry.users += 1;
    try {
      return await action(entry.pointer);
    } finally {
      entry.users -= 1;
      if (entry.users === 0) entry.lastUserGone();
    }
  }

  /** Frees the object as soon as nobody uses it. Does nothing when it is freed already. */
  async free(handle: number): Promise<void> {
    const entry = this.#entries.get(handle);
    if (entry === undefined) return;
    entry.freed ??= this.#freeUnused(handle, entry);
    await entry.freed;
  }

  /** Frees all that is left. */
  async freeAll(): Promise<void> {
    await Promise.allSettled([...this.#entries.keys()].map((handle) => this.free(handle)));
  }

  async #freeUnused(handle: number, entry: Entry): Promise<void> {
    if (entry.users > 0) {
      await new Promise<void>((resolve) => {
        entry.lastUserGone = resolve;
      });
    }
    this.#entries.delete(handle);
    await entry.free(entry.pointer);
  }
}
