/**
 * Copies a directory with all that is in it, in steps and without a promise for each file, which
 * takes ten times as long as a small file does. Leaves large ones to its caller.
 */
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  symlinkSync,
} from 'node:fs';
import { LARGE_BYTES } from '../protocol/transfer-messages.ts';
import { makeNew, openNew, writeAll } from './new-entries.ts';

const { O_RDONLY, O_NOFOLLOW } = constants;
/** So many entries in one step. */
const STEP = 32;

/** A file that the caller is to copy before it asks for the next step. */
export interface LargeCopy {
  readonly from: string;
  readonly to: string;
}

/** Makes the copy, at a path where nothing is; undefined where only a step is over. */
export function* copyTree(from: string, to: string): Generator<LargeCopy | undefined> {
  const buffer = Buffer.allocUnsafe(LARGE_BYTES + 1);
  const levels = [{ from, to }];
  let count = 0;
  for (let level = levels.pop(); level !== undefined; level = levels.pop()) {
    makeNew(level.to, lstatSync(level.from).mode);
    for (const entry of readdirSync(level.from, { withFileTypes: true })) {
      const one = { from: `${level.from}/${entry.name}`, to: `${level.to}/${entry.name}` };
      if (entry.isDirectory()) levels.push(one);
      else if (entry.isSymbolicLink()) symlinkSync(readlinkSync(one.from, 'buffer'), one.to);
      else if (!copySmall(one, buffer)) yield one;
      count += 1;
      if (count % STEP === 0) yield;
    }
  }
}

/** False, and nothing done, where it is large. */
function copySmall({ from, to }: LargeCopy, buffer: Buffer): boolean {
  const source = openSync(from, O_RDONLY | O_NOFOLLOW);
  try {
    const { size, mode } = fstatSync(source);
    if (size > LARGE_BYTES) return false;
    const read = size === 0 ? 0 : readSync(source, buffer, 0, size, 0);
    if (read !== size) throw new Error(`${from} is not all there`);
    const target = openNew(to, mode);
    try {
      writeAll(target, buffer.subarray(0, read));
    } finally {
      closeSync(target);
    }
    return true;
  } finally {
    closeSync(source);
  }
}
