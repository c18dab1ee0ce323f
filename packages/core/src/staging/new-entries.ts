/** Makes files and directories that are not there yet, with the modes that they are to have, and never through a link. */
import { chmodSync, constants, fchmodSync, mkdirSync, openSync, writeSync } from 'node:fs';

const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
/** What a mode says of who may do what. */
export const MODE = 0o777;
/** What open() and mkdir() take away from a mode. */
const UMASK = process.umask();

/** Opens a new file, to be written. */
export function openNew(path: string, mode: number): number {
  const fd = openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode & MODE);
  if ((mode & UMASK) !== 0) fchmodSync(fd, mode & MODE);
  return fd;
}

/** Makes a directory. */
export function makeNew(path: string, mode: number): void {
  mkdirSync(path, mode & MODE);
  if ((mode & UMASK) !== 0) chmodSync(path, mode & MODE);
}

/** Writes all of that where the file is now. */
export function writeAll(fd: number, data: Buffer): void {
  for (let at = 0; at < data.length; ) at += writeSync(fd, data, at);
}
