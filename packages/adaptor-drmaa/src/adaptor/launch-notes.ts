/**
 * What is written down before anything is submitted, in the directory that the adaptor has for its
 * connection: under which name a launch went, then with which native id, then how it ended. So it is
 * found again after a crash, and what was never written down was never submitted.
 */
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { NativeState, RemoteFiles } from '@pstar/core/adaptor';

/** What is known of a launch. */
export interface LaunchNote {
  /** The native job's name. */
  readonly job: string;
  /** Gone once the pilot is over. */
  readonly settingsFile: string;
  /** Where its script says its native id when it runs, if it does. */
  readonly idFile?: string | undefined;
  /** Whether it may have several nodes. */
  readonly several?: boolean | undefined;
  /** Once it was accepted. */
  readonly id?: string | undefined;
  /** Once it was over: libraries tell that once. */
  readonly end?: NativeState | undefined;
}

/** The notes of one connection; those of others in the same directory are seen as well. */
export class LaunchNotes {
  readonly #files: RemoteFiles;
  readonly #directory: string;
  /** Launches by native id, as far as they are known here. */
  readonly #names = new Map<string, string>();
  readonly #notes = new Map<string, LaunchNote>();

  /**
   * @param directory the connection's own
   * @param files what the library and the nodes see
   */
  constructor(directory: string, files: RemoteFiles) {
    this.#directory = join(directory, 'launches');
    this.#files = files;
  }

  /** Writes one down, or what has become known of it. */
  async write(launchName: string, note: LaunchNote): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const path = this.#path(launchName);
    await writeFile(`${path}.new`, JSON.stringify(note), { flush: true });
    await rename(`${path}.new`, path);
    this.#keep(launchName, note);
  }

  /** What was written down; undefined when nothing was. */
  async read(launchName: string): Promise<LaunchNote | undefined> {
    const known = this.#notes.get(launchName);
    if (known?.id !== undefined) return known;
    try {
      const note = JSON.parse(await readFile(this.#path(launchName), 'utf8')) as LaunchNote;
      this.#keep(launchName, note);
      return note;
    } catch {
      // Never written: then nothing was submitted either.
      return undefined;
    }
  }

  /** Notes of native ids; whoever has submitted them. */
  async ofIds(ids: readonly string[]): Promise<ReadonlyMap<string, LaunchNote>> {
    if (ids.some((id) => !this.#names.has(id))) await this.#readAll();
    const found = ids.flatMap((id) => {
      const note = this.#notes.get(this.#names.get(id) ?? '');
      return note === undefined ? [] : [[id, note] as const];
    });
    return new Map(found);
  }

  /** Keeps how native jobs have ended. */
  async writeEnds(ends: readonly NativeState[]): Promise<void> {
    await Promise.all(
      ends.map(async (end) => {
        const name = this.#names.get(end.id);
        const note = name === undefined ? undefined : this.#notes.get(name);
        if (name !== undefined && note !== undefined) await this.write(name, { ...note, end });
      }),
    );
  }

  /** Takes it back: nothing came of it. */
  async forget(launchName: string): Promise<void> {
    await rm(this.#path(launchName), { force: true });
    this.#notes.delete(launchName);
  }

  /** Removes what is about pilots that are over, and says how many are not. */
  async tidy(): Promise<number> {
    await this.#readAll();
    const left = await Promise.all(
      [...this.#notes].map(async ([name, { settingsFile }]) => {
        if (await this.#isThere(settingsFile)) return true;
        await this.forget(name);
        return false;
      }),
    );
    return left.filter(Boolean).length;
  }

  async #readAll(): Promise<void> {
    const files = await readdir(this.#directory).catch(() => []);
    const names = files.flatMap((file) => /^(.*)\.json$/.exec(file)?.[1] ?? []);
    await Promise.all(names.map((name) => this.read(name)));
  }

  #keep(launchName: string, note: LaunchNote): void {
    this.#notes.set(launchName, note);
    if (note.id !== undefined) this.#names.set(note.id, launchName);
  }

  /** What cannot be looked at is taken to be there. */
  #isThere(path: string): Promise<boolean> {
    return this.#files.stat(path).then(
      (facts) => facts !== undefined,
      () => true,
    );
  }

  #path(launchName: string): string {
    return join(this.#directory, `${launchName}.json`);
  }
}
