/**
 * Reads one transfer at its source: the file, or all that a directory holds, in order and a slice at
 * a time. Reads small files itself, at once, because a promise for each takes longer than the file;
 * leaves large ones to its caller.
 */
import {
  closeSync,
  constants,
  type Dirent,
  fstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  type Stats,
} from 'node:fs';
import { basename, join, resolve } from 'node:path';
import {
  encodeEnd,
  LARGE_BYTES,
  PIECE,
  type PieceKind,
  type TransferProblem,
} from '../protocol/transfer-messages.ts';
import type { Pack } from './pack.ts';
import { problemOf, problemOfEntry, stagingError } from './problems.ts';
import { shareableStamp, treeStamp } from './stamps.ts';

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
const MODE = 0o777;
/** A name that the user gave may be a symbolic link; within a tree none is followed. No pipe is waited for. */
const FOLLOWING = O_RDONLY | O_NONBLOCK;
const STRICT = FOLLOWING | O_NOFOLLOW;

/** A file that is read in chunks, as it was when it was found; it is closed again until its turn. */
export interface LargeFile {
  readonly path: string;
  /** To open it with. */
  readonly flags: number;
  readonly stats: Stats;
}

/** What came of filling a pack: it is full, or a large file is next, or the transfer is over. */
export type Filled = 'full' | 'large' | 'over';

/** What somebody knows, or wants to know, of a transfer on its way out. */
export interface SourceHooks {
  /** Why nothing is sent at all. */
  readonly refusal?: TransferProblem;
  /** Its stamp, where that is known without a look at the file. */
  readonly stamp?: string | undefined;
  /** Whether the other side has kept what has that stamp, or will have it: then nothing is read. */
  isSame?(stamp: string): 'kept' | 'coming' | undefined;
  /** Asked once all is read: whether others will want what has that stamp. */
  isShared?(stamp: string): boolean;
  failed?(problem: TransferProblem): void;
  /** Of a single large file so much is on its way. */
  progress?(bytes: number, size: number): void;
}

interface Level {
  readonly path: string;
  /** Of its entries, within the tree. */
  readonly prefix: string;
  readonly entries: readonly Dirent[];
  next: number;
}

/** One transfer on its way out. */
export class Source {
  readonly transfer: number;
  readonly path: string;
  /** The file that comes next, once `fill` has said so, until it is asked for more. */
  large: LargeFile | undefined;
  readonly #hooks: SourceHooks;
  #stamp: string | undefined;
  #stamping: Generator<void, string> | undefined;
  #levels: Level[] | undefined;
  #isOver = false;

  constructor(transfer: number, path: string, hooks: SourceHooks = {}) {
    this.transfer = transfer;
    this.path = path;
    this.#hooks = hooks;
  }

  /** So much of its large file is on its way. */
  passed(bytes: number, size: number): void {
    if (this.#levels?.length === 0) this.#hooks.progress?.(bytes, size);
  }

  /** Adds what fits into the pack. What goes wrong with a file is put into the pack as well. */
  fill(pack: Pack): Filled {
    this.large = undefined;
    if (pack.isFull) return 'full';
    try {
      return this.#levels === undefined ? this.#begin(pack) : this.#goOn(pack);
    } catch (error) {
      return this.fail(pack, problemOf(error, 'read', this.path));
    }
  }

  /** Gives the transfer up, and says so. */
  fail(pack: Pack, problem: TransferProblem): Filled {
    if (!pack.failed(this.transfer, problem)) return 'full';
    this.#hooks.failed?.(problem);
    return this.#over();
  }

  #over(): Filled {
    this.#isOver = true;
    return 'over';
  }

  #begin(pack: Pack): Filled {
    if (this.#isOver) return 'over';
    if (this.#hooks.refusal !== undefined) return this.fail(pack, this.#hooks.refusal);
    const fd = openSync(this.path, FOLLOWING);
    try {
      const stats = fstatSync(fd);
      if (!this.#isStamped(stats)) return 'full';
      const same = this.#stamp ? this.#hooks.isSame?.(this.#stamp) : undefined;
      if (same !== undefined) return this.#end(pack, PIECE.same, same === 'kept');
      if (stats.isDirectory()) return this.#beginTree(pack, stats);
      const filled = this.#file(pack, fd, '', { path: this.path, flags: FOLLOWING, stats });
      if (filled === 'full') return filled;
      this.#levels = [];
      return filled ?? this.#goOn(pack);
    } finally {
      closeSync(fd);
    }
  }

  /** Whether it is known by now what stamp it has, if anybody wants to know. */
  #isStamped(stats: Stats): boolean {
    if (this.#hooks.isSame === undefined) return true;
    if (this.#hooks.stamp !== undefined) {
      this.#stamp = this.#hooks.stamp;
      return true;
    }
    // What has no size may have content nevertheless, and another one every time.
    if (!stats.isDirectory()) this.#stamp = stats.size > 0 ? shareableStamp(stats) : '';
    else if (this.#stamp === undefined) {
      this.#stamping ??= treeStamp(this.path);
      const { done, value } = this.#stamping.next();
      if (done) this.#stamp = value;
      return done === true;
    }
    return true;
  }

  #beginTree(pack: Pack, stats: Stats): Filled {
    const entries = readdirSync(this.path, { withFileTypes: true });
    pack.add(this.transfer, PIECE.directory, '', stats.mode & MODE, 0);
    this.#levels = [{ path: this.path, prefix: '', entries, next: 0 }];
    return this.#goOn(pack);
  }

  #goOn(pack: Pack): Filled {
    const levels = this.#levels as Level[];
    for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
      const entry = level.entries[level.next];
      if (entry === undefined) levels.pop();
      else {
        const filled = this.#entry(pack, level, entry);
        if (filled === 'full') return filled;
        level.next += 1;
        if (filled !== undefined) return filled;
      }
    }
    const isShared = this.#stamp ? this.#hooks.isShared?.(this.#stamp) === true : false;
    return this.#end(pack, PIECE.end, isShared);
  }

  #end(pack: Pack, kind: PieceKind, isShared: boolean): Filled {
    const end = { name: basename(resolve(this.path)), stamp: this.#stamp ?? '', isShared };
    const fits = pack.text(this.transfer, kind, '', encodeEnd(end));
    return fits ? this.#over() : 'full';
  }

  /** Undefined: it is in the pack. */
  #entry(pack: Pack, level: Level, entry: Dirent): Filled | undefined {
    const path = join(level.path, entry.name);
    const name = level.prefix + entry.name;
    try {
      if (entry.isSymbolicLink()) {
        return pack.text(this.transfer, PIECE.link, name, readlinkSync(path)) ? undefined : 'full';
      }
      if (entry.isDirectory()) return this.#directory(pack, path, name);
      if (entry.isFile()) return this.#open(pack, path, name);
    } catch (error) {
      return this.fail(pack, problemOfEntry(error, path));
    }
    throw stagingError(`${path} is neither a file nor a directory, and cannot be staged`);
  }

  #directory(pack: Pack, path: string, name: string): Filled | undefined {
    if (pack.isFull) return 'full';
    const fd = openSync(path, O_RDONLY | O_NOFOLLOW);
    try {
      const { mode } = fstatSync(fd);
      const entries = readdirSync(path, { withFileTypes: true });
      pack.add(this.transfer, PIECE.directory, name, mode & MODE, 0);
      // The level that it is in goes on behind it once this one is through.
      (this.#levels as Level[]).push({ path, prefix: `${name}/`, entries, next: 0 });
    } finally {
      closeSync(fd);
    }
    return undefined;
  }

  #open(pack: Pack, path: string, name: string): Filled | undefined {
    const fd = openSync(path, STRICT);
    try {
      return this.#file(pack, fd, name, { path, flags: STRICT, stats: fstatSync(fd) });
    } finally {
      closeSync(fd);
    }
  }

  #file(pack: Pack, fd: number, name: string, file: LargeFile): Filled | undefined {
    const { path, stats } = file;
    if (!stats.isFile()) throw stagingError(`${path} is neither a file nor a directory`);
    const { size } = stats;
    const mode = stats.mode & MODE;
    if (size > LARGE_BYTES) {
      if (pack.isFull) return 'full';
      pack.large(this.transfer, name, mode, size);
      this.large = file;
      return 'large';
    }
    const room = pack.room(size);
    if (room === undefined) return 'full';
    // One byte more than it has: whether it has grown costs no further question.
    const read = readWhole(fd, room);
    if (read > 0 && size === 0 && fstatSync(fd).size === 0)
      return this.#sizeless(pack, fd, name, file);
    if (read !== size) throw changed(path);
    pack.add(this.transfer, PIECE.file, name, mode, size);
    return undefined;
  }

  /** What the kernel makes up when it is read, as in `/proc`: nobody knows its size before. */
  #sizeless(pack: Pack, fd: number, name: string, { path, stats }: LargeFile): Filled | undefined {
    const content = Buffer.allocUnsafe(LARGE_BYTES + 2);
    const size = readWhole(fd, content);
    if (size > LARGE_BYTES) throw stagingError(`${path} has no size, and too much in it`);
    const room = pack.room(size);
    if (room === undefined) return 'full';
    content.copy(room, 0, 0, size);
    pack.add(this.transfer, PIECE.file, name, stats.mode & MODE, size);
    return undefined;
  }
}

function readWhole(fd: number, into: Buffer): number {
  let read = 0;
  for (;;) {
    const more = readSync(fd, into, read, into.length - read, read);
    read += more;
    // A file whose size is right at hand is read at once; the last byte of the room stays free.
    if (more === 0 || read >= into.length - 1) return read;
  }
}

/** What is said of a file that was not the same at its end as at its beginning. */
export function changed(path: string): Error {
  return stagingError(`${path} was changed while it was read`, { transient: true });
}

/** A transfer of which there is nothing but a problem. */
export function refused(transfer: number, problem: TransferProblem): Source {
  return new Source(transfer, '', { refusal: problem });
}
