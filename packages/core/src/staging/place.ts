/**
 * Puts something that was staged where it belongs, by renaming: whoever looks sees a file whole, old or
 * new. A generator, because a directory that is there already takes in the entries of the new one
 * one by one: who must not block goes on between two steps, who must be done at once does not.
 */
import {
  chmodSync,
  closeSync,
  constants,
  cpSync,
  fstatSync,
  ftruncateSync,
  lstatSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { makeDirectorySync } from '../runtime/make-directory.ts';
import { randomSecret } from '../runtime/random.ts';
import type { Staged } from './incoming.ts';
import { isEntryName } from './names.ts';
import { fail, stagingError } from './problems.ts';

/** How something is to be put in its place. */
export interface Placing {
  /** Absolute. With a slash at its end, or a directory, it takes a file in under `name`. */
  readonly target: string;
  readonly name: string;
  /** To what is there. */
  readonly append: boolean;
  /** Where it may have to be appended again, after a crash that left open whether it was. */
  readonly once?: AppendOnce | undefined;
}

/** Where a file was appended to another. */
export interface Appended {
  readonly target: string;
  /** How long the target was before. */
  readonly at: number;
}

/** Has a file appended once, however often that is asked for. */
export interface AppendOnce {
  /** What was written down when it was begun before. */
  readonly begun: Appended | undefined;
  /** Writes down what is about to be done. */
  begin(appended: Appended): void;
}

const { O_WRONLY, O_CREAT, O_APPEND, O_NOFOLLOW } = constants;
/** So many entries of a directory in one step. */
const STEP = 200;
const PIECE_BYTES = 256 * 1024;

/** What is at a path, links followed; undefined where nothing is. */
export function look(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false });
}

/** Puts it there at once, and makes directories that are not there. Throws a StagingError that names the file; then what was there still is. */
export function placeNow(staged: Staged, placing: Placing): void {
  for (const _ of place(staged, placing));
}

/** As {@link placeNow}, in steps. */
export function* place(staged: Staged, placing: Placing): Generator<void> {
  let { target } = placing;
  try {
    target = targetOf(staged, placing);
    makeDirectorySync(dirname(target));
    if (placing.append) yield* append(staged, target, placing.once);
    else if (staged.isDirectory && look(target) !== undefined) yield* merge(staged.path, target);
    else move(staged.path, target);
    for (const [name, mode] of staged.modes.toReversed()) chmodSync(join(target, name), mode);
  } catch (error) {
    fail(error, 'written', target);
  }
}

function targetOf({ isDirectory }: Staged, { target, name, append: appends }: Placing): string {
  if (isDirectory && appends) throw stagingError(`${target}: a directory cannot be appended`);
  const bare = target.length > 1 ? target.replace(/\/+$/, '') : target;
  if (isDirectory) return bare;
  if (bare === target && !look(bare)?.isDirectory()) return replaceable(bare);
  if (!isEntryName(name)) throw stagingError(`${target} is a directory`);
  return replaceable(join(bare, name));
}

/** A link is replaced itself: what came from elsewhere earlier may have left it there. */
function replaceable(path: string): string {
  const there = lstatSync(path, { throwIfNoEntry: false });
  const isOurs = there === undefined || there.isFile() || there.isSymbolicLink();
  if (isOurs || there.isDirectory()) return path;
  throw stagingError(`${path} is no file, and is not written`);
}

/** Over what is there; from another file system by way of a name beside it. */
function move(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
    const beside = join(dirname(to), `.pstar-${randomSecret(8).toString('hex')}`);
    try {
      copy(from, beside);
      renameSync(beside, to);
    } finally {
      rmSync(beside, { recursive: true, force: true });
    }
    rmSync(from, { recursive: true, force: true });
  }
}

function copy(from: string, to: string): void {
  cpSync(from, to, { recursive: true, verbatimSymlinks: true, mode: constants.COPYFILE_FICLONE });
}

/** The entries of one directory into another; files over files, links and all, never through one. */
function* merge(from: string, to: string): Generator<void> {
  let count = 0;
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    const there = lstatSync(target, { throwIfNoEntry: false });
    if (entry.isDirectory() && there !== undefined) {
      if (!there.isDirectory()) throw stagingError(`${target} is there, and no directory`);
      yield* merge(source, target);
    } else {
      if (there?.isDirectory()) throw stagingError(`${target} is there, and a directory`);
      move(source, target);
    }
    count += 1;
    if (count % STEP === 0) yield;
  }
  rmSync(from, { recursive: true });
}

/** Adds a file to another, or leaves that as it was. */
function* append({ path }: Staged, target: string, once?: AppendOnce): Generator<void> {
  const from = openSync(path, 'r');
  try {
    const to = openSync(target, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0o666);
    try {
      const isThere = once?.begun?.target === target && takeUp(from, target, to, once.begun.at);
      if (!isThere) yield* appendNow(from, to, target, once);
    } finally {
      closeSync(to);
    }
  } finally {
    closeSync(from);
  }
  rmSync(path);
}

function* appendNow(from: number, to: number, target: string, once?: AppendOnce): Generator<void> {
  const { size } = fstatSync(to);
  once?.begin({ target, at: size });
  const buffer = Buffer.allocUnsafe(PIECE_BYTES);
  try {
    for (let read = readSync(from, buffer); read > 0; read = readSync(from, buffer)) {
      for (let at = 0; at < read; ) at += writeSync(to, buffer, at, read - at);
      yield;
    }
  } catch (error) {
    ftruncateSync(to, size);
    throw error;
  }
}

/**
 * Whether a file has been appended to another at a place already. Where it only was begun, and nothing
 * has come behind it since, that is taken away.
 */
function takeUp(from: number, target: string, to: number, at: number): boolean {
  const file = openSync(target, 'r');
  try {
    const { size: bytes } = fstatSync(from);
    const { size } = fstatSync(file);
    const there = Math.min(size - at, bytes);
    if (there <= 0 || !areAlike(from, file, at, there)) return false;
    if (there < bytes) ftruncateSync(to, at);
    return there === bytes;
  } finally {
    closeSync(file);
  }
}

/** Whether one file begins with what stands in the other. */
function areAlike(one: number, other: number, at: number, bytes: number): boolean {
  const [mine, there] = [Buffer.allocUnsafe(PIECE_BYTES), Buffer.allocUnsafe(PIECE_BYTES)];
  for (let done = 0; done < bytes; ) {
    const wanted = Math.min(PIECE_BYTES, bytes - done);
    const read = readSync(one, mine, 0, wanted, done);
    if (read === 0 || readSync(other, there, 0, read, at + done) !== read) return false;
    if (mine.compare(there, 0, read, 0, read) !== 0) return false;
    done += read;
  }
  return true;
}
