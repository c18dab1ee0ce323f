/**
 * Large arguments of single calls, in a directory of the service's, by the SHA-256 of their bytes: each is there for
 * as long as a unit that has not ended is to be given it. Knows no units but by their numbers.
 */
import { createHash } from 'node:crypto';
import { existsSync, renameSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureDirectory, writeFileAtomic } from '../../runtime/files.ts';

/** What is on its way out is called so: it is in nobody's way, and the service's next life looks for it. */
const GONE = '.gone';

/** The files, and who wants them. */
export class ArgumentFiles {
  readonly #directory: string;
  /** How many want each file. */
  readonly #wanted = new Map<string, number>();
  readonly #byUnit = new Map<number, readonly string[]>();
  #removals = 0;

  /** @param directory made when there is something for it */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Whether any unit has one. */
  get areThere(): boolean {
    return this.#byUnit.size > 0;
  }

  /** The file of an argument. */
  path(sha256: string): string {
    return join(this.#directory, sha256);
  }

  /**
   * Keeps the bytes of an argument, durably, for one who wants it; gives the name that it is known by. What is there
   * already is not written again. Whoever has asked says who wants it, by {@link give}, or that nobody does.
   *
   * @throws PilotError `STORE_FULL` or `STORE_UNWRITABLE`.
   */
  async keep(bytes: Uint8Array): Promise<string> {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    this.#want(sha256);
    try {
      if (existsSync(this.path(sha256))) return sha256;
      await ensureDirectory(this.#directory);
      await writeFileAtomic(this.path(sha256), bytes);
      return sha256;
    } catch (error) {
      this.drop([sha256]);
      throw error;
    }
  }

  /** A unit that has not ended is to be given these, which were kept for it. */
  give(unit: number, files: readonly string[]): void {
    this.#byUnit.set(unit, files);
  }

  /** What was kept is not wanted any more, once for each time that it is named here. */
  drop(files: readonly string[]): void {
    for (const sha256 of files) {
      const others = (this.#wanted.get(sha256) ?? 1) - 1;
      if (others > 0) this.#wanted.set(sha256, others);
      else this.#remove(sha256);
    }
  }

  /** A unit has ended, and that is on disk. */
  ended(unit: number): void {
    const files = this.#byUnit.get(unit);
    if (files === undefined) return;
    this.#byUnit.delete(unit);
    this.drop(files);
  }

  /** Takes over those of units of an earlier life that have not ended, and removes all others. Before any is kept. */
  async restore(units: Iterable<readonly [unit: number, files: readonly string[]]>): Promise<void> {
    for (const [unit, files] of units) {
      for (const sha256 of files) this.#want(sha256);
      this.give(unit, files);
    }
    const names = existsSync(this.#directory) ? await readdir(this.#directory) : [];
    const others = names.filter((name) => !this.#wanted.has(name));
    await Promise.all(others.map((name) => rm(this.path(name), { force: true })));
  }

  #want(sha256: string): void {
    this.#wanted.set(sha256, (this.#wanted.get(sha256) ?? 0) + 1);
  }

  /** Its name is free at once, for whoever keeps the same bytes anew; to remove a large file takes a while. */
  #remove(sha256: string): void {
    this.#wanted.delete(sha256);
    const gone = this.path(`${sha256}.${this.#removals++}${GONE}`);
    try {
      renameSync(this.path(sha256), gone);
    } catch {
      // Not there, or not to be removed: the next life of the service tries again.
      return;
    }
    void rm(gone, { force: true }).catch(() => {});
  }
}
