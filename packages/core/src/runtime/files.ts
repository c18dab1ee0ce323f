/**
 * Files and directories that survive a crash: what these functions have returned from is on disk,
 * and nobody ever sees half of it. Knows nothing of what the files mean.
 */

import { constants } from 'node:fs';
import { access, open, rename, rm, rmdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { makeDirectory } from './make-directory.ts';
import { randomSecret } from './random.ts';
import { storeError } from './store-error.ts';

/** Makes the names in a directory durable: fsync of a file does not include its name. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/**
 * Puts `data` at `path`, all of it or, after a crash, nothing of it; durable when it settles.
 * The file has its mode from its first moment on, so a secret is never readable by others.
 *
 * @throws PilotError `STORE_FULL` or `STORE_UNWRITABLE`; then nothing has changed.
 */
export async function writeFileAtomic(
  path: string,
  data: string | Uint8Array,
  mode = 0o600,
): Promise<void> {
  const directory = dirname(path);
  const draft = join(directory, `.${basename(path)}.${randomSecret(6).toString('hex')}`);
  try {
    const file = await open(draft, 'wx', mode);
    try {
      await file.writeFile(data);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
    await syncDirectory(directory);
  } catch (cause) {
    await rm(draft, { force: true });
    throw storeError(cause, path, 'the file cannot be written');
  }
}

/**
 * Makes sure that a directory is there, durably, with its parents, and that we may write to it.
 * Gives those that were not there before, the innermost last.
 *
 * @throws PilotError `STORE_FULL` or `STORE_UNWRITABLE`.
 */
export async function ensureDirectory(path: string, mode = 0o700): Promise<readonly string[]> {
  const absolute = resolve(path);
  try {
    const made = await makeDirectory(absolute, mode);
    for (const each of made) await syncDirectory(dirname(each));
    await access(absolute, constants.R_OK | constants.W_OK | constants.X_OK);
    return made;
  } catch (cause) {
    throw storeError(cause, absolute, 'the directory cannot be used');
  }
}

/** Removes what {@link ensureDirectory} has made, as far as it is empty. */
export async function removeMade(directories: readonly string[]): Promise<void> {
  for (const each of directories.toReversed()) await rmdir(each).catch(() => {});
}

/** The directory that holds everything durable: `option`, $PSTAR_HOME, or XDG's place for state. */
export function storeDirectory(option?: string): string {
  const { PSTAR_HOME, XDG_STATE_HOME } = process.env;
  const chosen = option || PSTAR_HOME;
  if (chosen) return resolve(chosen);
  // The XDG specification wants relative paths to be ignored.
  const state = XDG_STATE_HOME && isAbsolute(XDG_STATE_HOME) ? XDG_STATE_HOME : undefined;
  const base = state ?? join(homedir(), '.local', 'state');
  // $HOME may be relative, too, and an agent is started elsewhere.
  return resolve(base, 'pstar');
}
