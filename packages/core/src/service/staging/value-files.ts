/**
 * Values of single calls that are too large for the journal, in the service's own directory: arguments, until the
 * units have ended that are given them; and what units have returned, by their numbers, as long as the service is
 * there, whose users may ask for it at any time.
 */
import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { LocalFile, NoLocalFile, ValueFile } from '../../manager/attempt-files.ts';
import { PilotError } from '../../model/errors.ts';
import { syncDirectory } from '../../runtime/files.ts';
import { makeDirectorySync } from '../../runtime/make-directory.ts';
import { problemOf } from '../../staging/problems.ts';
import { ArgumentFiles } from './argument-files.ts';

/** A directory with a million entries is slow to list and to remove. */
const UNITS_PER_DIRECTORY = 1000;

/** What the files of one service are asked for and given. */
export class ValueFiles {
  readonly arguments: ArgumentFiles;
  readonly #directory: string;

  /** @param directory made when there is something for it */
  constructor(directory: string) {
    this.arguments = new ArgumentFiles(join(directory, 'arguments'));
    this.#directory = directory;
  }

  /**
   * What a unit has returned, where that has come as a file.
   *
   * @throws PilotError `NOT_FOUND` where it is there no more, or cannot be read
   */
  async read(unit: number): Promise<Buffer> {
    const path = this.#ofUnit(unit);
    try {
      return await readFile(path);
    } catch (cause) {
      const { code = '' } = cause as NodeJS.ErrnoException;
      throw new PilotError('NOT_FOUND', `the value cannot be read: ${code}`, {
        subject: path,
        hint: 'do not change or remove files in the directory of a service',
        cause,
      });
    }
  }

  /**
   * The file that an agent reads or writes for an attempt.
   *
   * @param content of a value that came in a report: it becomes a file, for this is the way to more of
   *   them than fit into a message
   */
  find(file: ValueFile, stamp: string, content?: Uint8Array): LocalFile | NoLocalFile {
    let path = 'unit' in file ? this.#ofUnit(file.unit) : this.arguments.path(file.sha256);
    if (content !== undefined) {
      // Of its own: an earlier attempt, whose end nobody has heard of, may have left a file.
      path += '-reported';
      try {
        if (!existsSync(path)) writeNow(path, content);
      } catch (error) {
        return problemOf(error, 'written', path);
      }
    }
    const { direction } = file;
    return { path, remote: '', direction, append: false, optional: false, stamp };
  }

  #ofUnit(unit: number): string {
    return join(this.#directory, `${Math.floor(unit / UNITS_PER_DIRECTORY)}`, `${unit}`);
  }
}

/** Directories whose own names are known to be durable. */
const settled = new Set<string>();

/** Makes a file durable that was just put in its place, with its name. */
export async function settleFile(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
  const directory = dirname(path);
  await syncDirectory(directory);
  if (settled.has(directory)) return;
  // It may have been made for this file, and the one around it, too.
  await syncDirectory(dirname(directory));
  await syncDirectory(dirname(dirname(directory)));
  settled.add(directory);
}

function writeNow(path: string, content: Uint8Array): void {
  makeDirectorySync(dirname(path), 0o700);
  writeFileSync(`${path}.draft`, content, { mode: 0o600 });
  renameSync(`${path}.draft`, path);
}
