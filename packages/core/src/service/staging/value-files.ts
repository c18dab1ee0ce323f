/**
 * Values of single calls that are too large for the journal, in the service's own directory: arguments, until the
 * units have ended that are given them; and what units have returned, by their numbers, as long as the service is
 * there, whose users may ask for it at any time.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { LocalFile, NoLocalFile, ValueFile } from '../../manager/attempt-files.ts';
import { PilotError } from '../../model/errors.ts';
import { unitId } from '../../model/ids.ts';
import { syncDirectory } from '../../runtime/files.ts';
import { makeDirectorySync } from '../../runtime/make-directory.ts';
import { problemOf } from '../../staging/problems.ts';
import { ArgumentFiles } from './argument-files.ts';
import { assertSealed, sealFile } from './value-seals.ts';

/** A directory with a million entries is slow to list and to remove. */
const UNITS_PER_DIRECTORY = 1000;

/** What the files of one service are asked for and given. */
export class ValueFiles {
  readonly arguments: ArgumentFiles;
  readonly #directory: string;
  readonly #service: string;

  /** @param directory made when there is something for it */
  constructor(directory: string, service: string) {
    this.#service = service;
    this.arguments = new ArgumentFiles(join(directory, 'arguments'));
    this.#directory = directory;
  }

  /**
   * What a unit has returned, where that has come as a file.
   *
   * @throws PilotError `NOT_FOUND` where it is there no more, or cannot be read; `JOURNAL_DAMAGED` where it is
   *   not what was written
   */
  async read(unit: number): Promise<Buffer> {
    const path = this.#ofUnit(unit);
    try {
      const bytes = await readFile(path);
      await assertSealed(path, bytes, this.#nameOf(unit));
      return bytes;
    } catch (cause) {
      if (cause instanceof PilotError) throw cause;
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
        if (!has(path, content)) writeNow(path, content);
      } catch (error) {
        return problemOf(error, 'written', path);
      }
    }
    const { direction } = file;
    const found = { path, remote: '', direction, append: false, optional: false, stamp };
    if (direction === 'out' || content !== undefined) return found;
    const value =
      'unit' in file
        ? { what: this.#nameOf(file.unit) }
        : { what: 'an argument of a call', sha256: file.sha256 };
    return { ...found, value };
  }

  #nameOf(unit: number): string {
    return `the value of unit ${unitId(this.#service, unit)}`;
  }

  #ofUnit(unit: number): string {
    return join(this.#directory, `${Math.floor(unit / UNITS_PER_DIRECTORY)}`, `${unit}`);
  }
}

/** Directories whose own names are known to be durable. */
const settled = new Set<string>();

/** Makes a file durable that was just put in its place, with its name and what it sums up to. */
export async function settleFile(path: string): Promise<void> {
  await sealFile(path);
  const directory = dirname(path);
  if (settled.has(directory)) return;
  // It may have been made for this file, and the one around it, too.
  await syncDirectory(dirname(directory));
  await syncDirectory(dirname(dirname(directory)));
  settled.add(directory);
}

/** Whether it was written before, and still is what it was. */
function has(path: string, content: Uint8Array): boolean {
  try {
    return readFileSync(path).equals(content);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

function writeNow(path: string, content: Uint8Array): void {
  makeDirectorySync(dirname(path), 0o700);
  writeFileSync(`${path}.draft`, content, { mode: 0o600 });
  renameSync(`${path}.draft`, path);
}
