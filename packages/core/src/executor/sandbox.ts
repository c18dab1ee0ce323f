/**
 * The directories that units run in when they name none. Making and removing one takes as long as
 * a quarter of a short process, so an empty one that its unit never touched is renamed for the
 * next unit instead, and what has to be removed is removed when there is nothing else to do.
 */
import { mkdirSync, renameSync, statSync, utimesSync } from 'node:fs';
import { rmdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeDirectorySync } from '../runtime/make-directory.ts';
import { removeTree } from '../runtime/remove-tree.ts';

/**
 * The modification time (seconds) that a fresh directory is given: any entry made in it since
 * moves it, even one that was removed again.
 */
const UNTOUCHED = 981_173_106;
const MOST_SPARES = 256;
/** With more than this to remove, it is no longer put off. */
const MOST_PUT_OFF = 10_000;
/** What is the way when something lies at the path already; then it is used as it is. */
const TAKEN = ['EEXIST', 'ENOTEMPTY'];

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

function isUntouched(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs === UNTOUCHED * 1000;
}

/** The sandboxes of one executor. */
export class Sandboxes {
  /** Whether nothing is running, so that removing is in nobody's way. */
  readonly #isIdle: () => boolean;
  /** Told where what is around the sandboxes was removed. */
  readonly #removed: () => void;
  readonly #parents = new Set<string>();
  readonly #spares = new Set<string>();
  readonly #removals: (() => Promise<void>)[] = [];
  #removing: Promise<void> | undefined;
  #closing = false;

  constructor(isIdle: () => boolean, removed: () => void = () => {}) {
    this.#isIdle = isIdle;
    this.#removed = removed;
  }

  /**
   * Makes the directory; throws what the system says when it cannot.
   *
   * Not asynchronously, because that takes the event loop just as long.
   */
  prepare(path: string, cleanup: boolean | 'default'): void {
    if (this.#spares.delete(path) && isUntouched(path)) return;
    this.#ensureParent(dirname(path));
    if (cleanup !== false && this.#reuse(path)) return;
    try {
      this.#make(path);
      if (cleanup !== false) utimesSync(path, UNTOUCHED, UNTOUCHED);
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    }
  }

  #make(path: string): void {
    const make = (): void => void mkdirSync(path, { mode: 0o700 });
    try {
      make();
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
      // Somebody has removed what was above it, as a unit or a purge of scratch does.
      this.#parents.clear();
      this.#removed();
      this.#ensureParent(dirname(path));
      make();
    }
  }

  #ensureParent(parent: string): void {
    if (this.#parents.has(parent)) return;
    makeDirectorySync(parent, 0o700);
    this.#parents.add(parent);
  }

  #reuse(path: string): boolean {
    for (const spare of this.#spares) {
      this.#spares.delete(spare);
      try {
        renameSync(spare, path);
        return true;
      } catch (error) {
        if (TAKEN.includes(codeOf(error) ?? '')) this.#spares.add(spare);
        return false;
      }
    }
    return false;
  }

  /** The unit is over; `shared` if a process that is not may still have its directory here. */
  release(path: string, cleanup: boolean | 'default', shared: boolean): void {
    if (cleanup === false) return;
    if (!shared && this.#spares.size < MOST_SPARES && isUntouched(path)) this.#spares.add(path);
    else if (cleanup) this.#remove(path, cleanup);
  }

  #remove(path: string, cleanup: true | 'default'): void {
    this.#removals.push(() =>
      // One that is not empty is kept, and one that its unit removed is no trouble.
      cleanup === true ? removeTree(path) : rmdir(path).catch(() => {}),
    );
    this.tidy();
  }

  /** Goes on removing what is due, if this is a good moment. */
  tidy(): void {
    this.#removing ??= this.#removeAll().finally(() => {
      this.#removing = undefined;
    });
  }

  async #removeAll(): Promise<void> {
    const isDue = (): boolean =>
      this.#closing || this.#isIdle() || this.#removals.length > MOST_PUT_OFF;
    while (isDue()) {
      const removal = this.#removals.shift();
      if (!removal) return;
      await removal().catch(() => {}); // a directory that cannot be removed stays
    }
  }

  /** Removes all that is due and settles when it is gone. */
  async close(): Promise<void> {
    this.#closing = true;
    for (const spare of this.#spares) this.#remove(spare, 'default');
    this.#spares.clear();
    while (this.#removals.length > 0 || this.#removing !== undefined) {
      this.tidy();
      await this.#removing;
    }
  }
}
