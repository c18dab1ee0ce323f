/**
 * Where files are on a node before they are in their places, and after: a directory of this agent's
 * alone, below its pilot's root. What several units want is kept in it once, by its stamp, as long
 * as there is room.
 */
import { constants, copyFileSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs';
import { copyFile, cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeDirectorySync } from '../runtime/make-directory.ts';
import type { Staged } from '../staging/incoming.ts';
import { fail } from '../staging/problems.ts';

/** All that is kept for others has no more than this, or it is the oldest that goes. */
const KEPT = { bytes: 4 * 1024 * 1024 * 1024, entries: 4096 };
/** What is larger is copied beside everything else. */
const AT_ONCE_BYTES = 256 * 1024;
/** Where the file system can, a copy takes no room until somebody writes to it. */
const { COPYFILE_FICLONE } = constants;

/** The staging directory of an agent. */
export class NodeStore {
  readonly #root: string;
  readonly #lost: (stamp: string) => void;
  readonly #kept = new Map<string, Staged>();
  #directory: string | undefined;
  #bytes = 0;
  #next = 1;

  /** `lost` is told what is no longer kept. */
  constructor(root: string, lost: (stamp: string) => void) {
    this.#root = root;
    this.#lost = lost;
  }

  /** As many numbers that nobody else has; the first of them. */
  numbers(count: number): number {
    const first = this.#next;
    this.#next += count;
    return first;
  }

  /** Makes the directory, unless it is there. Throws a StagingError. */
  make(): void {
    if (this.#directory !== undefined) return;
    try {
      makeDirectorySync(this.#root);
      this.#directory = mkdtempSync(join(this.#root, 'staging-'));
    } catch (error) {
      fail(error, 'used', this.#root);
    }
  }

  /** A path of this store, once that is made. */
  path(name: string): string {
    return `${this.#directory}/${name}`;
  }

  /** What is kept, by its stamps. */
  get stamps(): string[] {
    return [...this.#kept.keys()];
  }

  /** Keeps this for all that want the same. */
  keep(stamp: string, staged: Staged): void {
    if (this.#kept.has(stamp)) {
      this.remove(staged.path);
      return;
    }
    this.#kept.set(stamp, staged);
    this.#bytes += staged.bytes;
    for (const [oldest, { path, bytes }] of this.#kept) {
      if (this.#bytes <= KEPT.bytes && this.#kept.size <= KEPT.entries) break;
      if (oldest === stamp) break;
      this.#kept.delete(oldest);
      this.#bytes -= bytes;
      this.remove(path);
      this.#lost(oldest);
    }
  }

  /** Keeps a file of this node for all that want the same, and takes it away from where it is. */
  adopt(stamp: string, file: string): void {
    this.make();
    const path = this.path(`${this.numbers(1)}`);
    const { size } = statSync(file);
    renameSync(file, path);
    this.keep(stamp, { path, isDirectory: false, bytes: size, modes: [] });
  }

  /** A copy of what is kept, for one unit; undefined when it is not. Large ones take a while. */
  copyOf(stamp: string): Staged | Promise<Staged> | undefined {
    const kept = this.#kept.get(stamp);
    if (kept === undefined) return undefined;
    // The latest that was used is the last to go.
    this.#kept.delete(stamp);
    this.#kept.set(stamp, kept);
    const copy = { ...kept, path: this.path(`${this.numbers(1)}`) };
    if (kept.isDirectory) {
      const options = { recursive: true, verbatimSymlinks: true, mode: COPYFILE_FICLONE };
      return cp(kept.path, copy.path, options).then(
        () => copy,
        (error) => {
          // Half of it would fill a disk that is full.
          this.remove(copy.path);
          throw error;
        },
      );
    }
    if (kept.bytes > AT_ONCE_BYTES) {
      return copyFile(kept.path, copy.path, COPYFILE_FICLONE).then(() => copy);
    }
    copyFileSync(kept.path, copy.path, COPYFILE_FICLONE);
    return copy;
  }

  /** Removes something of this store; what cannot be removed goes with the store. */
  remove(path: string): void {
    void rm(path, { recursive: true, force: true }).catch(() => {});
  }

  /** Removes all of it. */
  close(): void {
    this.#kept.clear();
    if (this.#directory === undefined) return;
    try {
      // A copy that is just being made may add to it once more.
      rmSync(this.#directory, { recursive: true, force: true, maxRetries: 3 });
    } catch {}
  }
}
