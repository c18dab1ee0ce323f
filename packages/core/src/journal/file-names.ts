/** The names of a journal's files, and which of them are in a directory. */

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { FileType } from './record-format.ts';

/** A file of a journal, by its name. */
export interface NamedFile {
  readonly path: string;
  readonly number: number;
}

/** What a directory holds of a journal, each by number. */
export interface Listing {
  readonly segments: readonly NamedFile[];
  readonly snapshots: readonly NamedFile[];
  /** Files that a crash kept from getting their names; nothing refers to them. */
  readonly drafts: readonly string[];
}

const DRAFT = '.draft';
const NAMES: Readonly<Record<FileType, RegExp>> = {
  segment: /^segment-(\d{6,})$/,
  snapshot: /^snapshot-(\d{6,})$/,
  values: /^values-(\d{6,})$/,
};

/** Where a file of that type and number is. */
export function filePath(directory: string, type: FileType, number: number): string {
  return join(directory, `${type}-${String(number).padStart(6, '0')}`);
}

/** What a file is called until it is complete. */
export function draftOf(path: string): string {
  return path + DRAFT;
}

/** The journal's files in a directory; other files there are not ours to judge. */
export function listFiles(directory: string): Listing {
  const names = readdirSync(directory);
  const named = (pattern: RegExp): NamedFile[] =>
    names
      .flatMap((name) => {
        const number = pattern.exec(name)?.[1];
        return number === undefined ? [] : { path: join(directory, name), number: Number(number) };
      })
      .sort((a, b) => a.number - b.number);
  const drafts = names
    .filter((name) => name.endsWith(DRAFT))
    .filter((name) => Object.values(NAMES).some((p) => p.test(name.slice(0, -DRAFT.length))));
  return {
    segments: named(NAMES.segment),
    snapshots: named(NAMES.snapshot),
    drafts: drafts.map((name) => join(directory, name)),
  };
}
