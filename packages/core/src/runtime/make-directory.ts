/**
 * Directories with those above them. Not Node's `recursive`: that tries for ever where the system
 * finds no place for a name although the directory for it is there, as in /proc or a working
 * directory that was removed (v20.20.2).
 */
import { mkdirSync, type Stats, statSync } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** How often something may vanish meanwhile: others may remove what is empty at any time. */
const TRIES = 10;

/** An error of the system, if what is to be made was not, and may be by another try. */
type Missing = NodeJS.ErrnoException | undefined;

/**
 * Makes a directory, and those above it as far as they are not there. Gives those that were made,
 * the innermost last. One that is there is fine, also by way of a link.
 */
export async function makeDirectory(path: string, mode = 0o777): Promise<readonly string[]> {
  const made: string[] = [];
  const turns = making(path);
  for (let turn = turns.next(); !turn.done; ) {
    const at = turn.value;
    let missing: Missing;
    try {
      await mkdir(at, mode);
      made.push(at);
    } catch (error) {
      missing = missingOf(error, await stat(at).catch(() => undefined));
    }
    turn = turns.next(missing);
  }
  return made;
}

/** As {@link makeDirectory}, at once. */
export function makeDirectorySync(path: string, mode = 0o777): void {
  // Most often it is there, and an error takes longer to make than to look.
  if (there(path)?.isDirectory()) return;
  const turns = making(path);
  for (let turn = turns.next(); !turn.done; ) {
    const at = turn.value;
    let missing: Missing;
    try {
      mkdirSync(at, mode);
    } catch (error) {
      missing = missingOf(error, there(at));
    }
    turn = turns.next(missing);
  }
}

/** Yields what is to be made next, and is told what came of it. Ends in any case. */
function* making(path: string): Generator<string, void, Missing> {
  const toMake = [path];
  let hasParent = false;
  let tries = 0;
  for (let at: string | undefined = path; at !== undefined; at = toMake.at(-1)) {
    const missing = yield at;
    if (missing === undefined) {
      toMake.pop();
      hasParent = true;
      continue;
    }
    const parent = dirname(at);
    const isOfParent = missing.code === 'ENOENT' && parent !== at;
    if (hasParent || !isOfParent) tries += 1;
    if (tries === TRIES) throw missing;
    if (isOfParent) toMake.push(parent);
    hasParent = false;
  }
}

/** Undefined for a directory that is there. Throws what another try would not change. */
function missingOf(error: unknown, found: Stats | undefined): Missing {
  const missing = error as NodeJS.ErrnoException;
  if (found?.isDirectory()) return undefined;
  const hasVanished = missing.code === 'EEXIST' && found === undefined;
  if (missing.code === 'ENOENT' || hasVanished) return missing;
  throw missing;
}

function there(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
