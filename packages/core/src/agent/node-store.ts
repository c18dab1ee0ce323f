/**
 * Where files are on a node before they are in their places, and after: a directory of this agent's
 * alone, below its pilot's root. What several units want is kept in it once, by its stamp, as long
 * as there is room: each of them has a copy, so nobody misses what goes unless it is just being copied.
 */
import {
  constants,
  copyFileSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
} from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { makeDirectorySync } from '../runtime/make-directory.ts';
import { removeTree } from '../runtime/remove-tree.ts';
import { Slots } from '../staging/budget.ts';
import { copyTree } from '../staging/copy-tree.ts';
import type { Staged } from '../staging/incoming.ts';
import { fail, problemOf } from '../staging/problems.ts';

/** All that is kept for others has no more than this, or it is the oldest that goes. */
const KEPT = { bytes: 4 * 1024 * 1024 * 1024, entries: 4096 };
/** Nothing is kept where so much of the disk, or this share, would not be left to what units write. */
const SPARE = { bytes: 256 * 1024 * 1024, share: 1 / 16 };
/** What is larger is copied beside everything else. */
const AT_ONCE_BYTES = 256 * 1024;
/** Where the file system can, a copy takes no room until somebody writes to it. */
const { COPYFILE_FICLONE } = constants;

/** What is kept for others. */
interface Kept {
  readonly staged: Staged;
  /** How many copies of it are just being made. */
  copies: number;
}

/** The staging directory of an agent. */
export class NodeStore {
  readonly #root: string;
  readonly #lost: (stamp: string) => void;
  /** By stamp; the one that was used last is the last. */
  readonly #kept = new Map<string, Kept>();
  readonly #removals = new Set<Promise<void>>();
  /** Whose turn it is to copy small files: those of one directory after those of another, and the first to ask has its own soonest. */
  readonly #turns = new Slots(1);
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
    this.#kept.set(stamp, { staged, copies: 0 });
    this.#bytes += staged.bytes;
    this.#evict(() => this.#bytes <= KEPT.bytes && this.#kept.size <= KEPT.entries, stamp);
    this.spare(stamp);
  }

  /** Has units find some room for what they write themselves; what has that stamp stays. */
  spare(stamp?: string): void {
    if (this.#kept.size === 0) return;
    let left: number;
    try {
      const { bsize, blocks, bavail } = statfsSync(this.path(''));
      left = bsize * bavail - Math.min(SPARE.bytes, SPARE.share * bsize * blocks);
    } catch {
      // It is whoever uses that disk next who says what is wrong with it.
      return;
    }
    this.#evict((bytes) => {
      left += bytes;
      return left >= 0;
    }, stamp);
  }

  /**
   * Removes what is kept and was not used for longest, until there is room for so much more. Resolves
   * when nothing is being removed any more, with whether anything was.
   */
  async makeRoom(bytes: number): Promise<boolean> {
    let freed = 0;
    this.#evict((more) => {
      freed += more;
      return freed >= bytes;
    });
    const isMade = this.#removals.size > 0;
    await Promise.all(this.#removals);
    return isMade;
  }

  /** Keeps a file of this node for all that want the same, and takes it away from where it is. */
  adopt(stamp: string, file: string): void {
    this.make();
    const path = this.path(`${this.numbers(1)}`);
    const { size } = statSync(file);
    renameSync(file, path);
    this.keep(stamp, { path, isDirectory: false, bytes: size, modes: [] });
  }

  /**
   * A copy of what is kept, for one unit; undefined when it is not. Large ones take a while. Where
   * there is no room for a copy, it is what was kept itself, and that is kept no longer.
   */
  copyOf(stamp: string): Staged | Promise<Staged> | undefined {
    const kept = this.#kept.get(stamp);
    if (kept === undefined) return undefined;
    // The latest that was used is the last to go.
    this.#kept.delete(stamp);
    this.#kept.set(stamp, kept);
    const { staged } = kept;
    if (staged.isDirectory || staged.bytes > AT_ONCE_BYTES) return this.#copyAside(stamp, kept);
    const copy = { ...staged, path: this.path(`${this.numbers(1)}`) };
    try {
      copyFileSync(staged.path, copy.path, COPYFILE_FICLONE);
      return copy;
    } catch (error) {
      if (isFull(error)) return this.#copyAside(stamp, kept);
      throw error;
    }
  }

  /** Removes something of this store; what cannot be removed goes with the store. */
  remove(path: string): void {
    const removal = removeTree(path)
      .catch(() => {})
      .finally(() => this.#removals.delete(removal));
    this.#removals.add(removal);
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

  async #copyAside(stamp: string, kept: Kept): Promise<Staged> {
    kept.copies += 1;
    try {
      return await this.#copy(kept.staged);
    } catch (error) {
      if (!isFull(error)) throw error;
      if (await this.makeRoom(kept.staged.bytes)) {
        const copy = await this.#copy(kept.staged).catch((again) => {
          if (!isFull(again)) throw again;
        });
        if (copy !== undefined) return copy;
      }
      if (kept.copies > 1 || this.#kept.get(stamp) !== kept) throw error;
      this.#forget(stamp, kept);
      return kept.staged;
    } finally {
      kept.copies -= 1;
    }
  }

  async #copy(staged: Staged): Promise<Staged> {
    const copy = { ...staged, path: this.path(`${this.numbers(1)}`) };
    if (!staged.isDirectory) {
      await copyFile(staged.path, copy.path, COPYFILE_FICLONE);
      return copy;
    }
    try {
      await this.#copyTree(staged.path, copy.path);
      return copy;
    } catch (error) {
      // Half of it would fill a disk that is full.
      await removeTree(copy.path).catch(() => {});
      throw error;
    }
  }

  async #copyTree(from: string, to: string): Promise<void> {
    let release = await this.#turns.take();
    try {
      for (const large of copyTree(from, to)) {
        if (large === undefined) await setImmediate();
        else {
          release();
          release = () => {};
          await copyFile(large.from, large.to, COPYFILE_FICLONE);
          release = await this.#turns.take();
        }
      }
    } finally {
      release();
    }
  }

  /** Removes one after the other, the oldest first, until `isEnough` says so of what that frees. */
  #evict(isEnough: (bytes: number) => boolean, but?: string): void {
    if (isEnough(0)) return;
    for (const [stamp, kept] of this.#kept) {
      if (stamp === but || kept.copies > 0) continue;
      this.#forget(stamp, kept);
      this.remove(kept.staged.path);
      if (isEnough(kept.staged.bytes)) return;
    }
  }

  #forget(stamp: string, { staged }: Kept): void {
    this.#kept.delete(stamp);
    this.#bytes -= staged.bytes;
    this.#lost(stamp);
  }
}

function isFull(error: unknown): boolean {
  return problemOf(error, 'copied', '').isOfMachine === true;
}
