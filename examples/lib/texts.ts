/** Finds text files. */
import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';

/** What was written to be read: documents, and declarations with their comments. */
export const DOCUMENTS =
  /\.(md|markdown|txt|d\.[cm]?ts)$|^(authors|changelog|licen[cs]e|notice|readme)/i;

/** A file with a NUL byte near its beginning is taken for no text, as git does it. */
const beginning = Buffer.alloc(8000);

/**
 * The text files below a directory that can be read. No link is followed, so that each counts once:
 * with pnpm, a package is a directory in one place and links in all others.
 */
export function findTexts(directory: string, name = /./): string[] {
  return [...filesBelow(directory, name)].filter(isText).sort();
}

function* filesBelow(directory: string, name: RegExp): Generator<string> {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    // A name that is not UTF-8 cannot be written down as a string.
    if (entry.name.includes('\uFFFD')) continue;
    const path = join(directory, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path, name);
    else if (entry.isFile() && name.test(entry.name)) yield path;
  }
}

function isText(path: string): boolean {
  try {
    const file = openSync(path, 'r');
    const length = readSync(file, beginning);
    closeSync(file);
    return !beginning.subarray(0, length).includes(0);
  } catch {
    return false;
  }
}
