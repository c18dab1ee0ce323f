/**
 * Stamps: what tells the content of a file, or of all that is in a directory, from any other that was
 * ever there, without reading it.
 */
import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../runtime/clock.ts';
import { problemOfEntry, StagingError } from './problems.ts';

/** A file system's clock ticks so often: what was changed since may be changed again unseen. */
const TICK_MS = 20;
/** So many entries of a directory in one step. */
const STEP = 256;

/** Tells the content of a file from any other; '' where it was changed so lately that nothing can. */
export function shareableStamp(stats: Stats): string {
  return systemClock.now() - stats.ctimeMs < TICK_MS ? '' : stampOf(stats);
}

/** Tells what is in a file from what was in it before. */
function stampOf({
  dev,
  ino,
  size,
  mtimeMs,
  ctimeMs,
}: Pick<Stats, 'dev' | 'ino' | 'size' | 'mtimeMs' | 'ctimeMs'>): string {
  return [dev, ino, size, mtimeMs, ctimeMs].join('-');
}

/**
 * Whether an open file is still what it was. That it has lost a name, as where another was renamed over it, or was
 * given one changes when it was changed, and nothing that is in it.
 */
export function isAsBefore(now: Stats, before: Stats): boolean {
  const { ctimeMs } = now.nlink === before.nlink ? now : before;
  return stampOf({ ...now, ctimeMs }) === stampOf(before);
}

/** The stamp of all that is in a directory, in steps. */
export function* treeStamp(path: string): Generator<void, string> {
  const digest = createHash('sha256');
  const directories = [path];
  let count = 0;
  for (let at = directories.pop(); at !== undefined; at = directories.pop()) {
    for (const entry of readdirSync(at, { withFileTypes: true })) {
      const stats = statsOfEntry(join(at, entry.name));
      const stamp = shareableStamp(stats);
      if (stamp === '') return '';
      digest.update(`${stamp}-${stats.mode}-${entry.name}\0`);
      if (entry.isDirectory()) directories.push(join(at, entry.name));
      count += 1;
      if (count % STEP === 0) yield;
    }
    digest.update('/');
  }
  return digest.digest('base64');
}

function statsOfEntry(path: string): Stats {
  try {
    return lstatSync(path);
  } catch (error) {
    throw new StagingError(problemOfEntry(error, path));
  }
}
