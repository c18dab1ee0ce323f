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
  LARGE_BYTES,
  PIECE,
  type TransferEnd,
  type TransferProblem,
} from '../protocol/transfer-messages.ts';
import type { Pack } from './pack.ts';
import { problemOf, stagingError } from './problems.ts';

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
const MODE = 0o777;
/** A name that the user gave may be a link, and nothing within a tree; a pipe is not waited for. */
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

/** What is said at the end of a transfer; of a single file its state is given. */
export type DescribeEnd = (stats: Stats | undefined) => Omit<TransferEnd, 'name'>;

interface Level {
  readonly path: string;
  /** Of its entries, within the tree. */
  readonly prefix: string;
  readonly entries: readonly Dirent[];
  next: number;
}

/** Tells the content of a file from any other that a file of this machine has or had. */
export function stampOf({ dev, ino, size, mtimeMs, ctimeMs }: Stats): string {
  return [dev, ino, size, mtimeMs, ctimeMs].join('-');
}

/** One transfer on its way out. */
export class Source {
  readonly transfer: number;
  readonly path: string;
  /** The file that comes next, once `fill` has said so, until it is asked for more. */
  large: LargeFile | undefined;
  /** Of a single file, once it was opened. */
  stats: Stats | undefined;
  readonly #isSame: ((stats: Stats) => string | undefined) | undefined;
  readonly #describeEnd: DescribeEnd;
  #levels: Level[] | undefined;
  #isOver = false;

  /**
   * `isSame` may say of a single file that the other side has it already, under a stamp.
   * `describeEnd` is asked when all has been read.
   */
  constructor(
    transfer: number,
    path: string,
    describeEnd: DescribeEnd = () => ({ stamp: '', isShared: false }),
    isSame?: (stats: Stats) => string | undefined,
  ) {
    this.transfer = transfer;
    this.path = path;
    this.#describeEnd = describeEnd;
    this.#isSame = isSame;
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
    return this.#over();
  }

  #over(): Filled {
    this.#isOver = true;
    return 'over';
  }

  #begin(pack: Pack): Filled {
    if (this.#isOver) return 'over';
    const fd = openSync(this.path, FOLLOWING);
    try {
      const stats = fstatSync(fd);
      if (stats.isDirectory()) return this.#beginTree(pack, stats);
      this.stats = stats;
      const same = this.#isSame?.(stats);
      if (same !== undefined) {
        return pack.text(this.transfer, PIECE.same, '', same) ? this.#over() : 'full';
      }
      const filled = this.#file(pack, fd, '', { path: this.path, flags: FOLLOWING, stats });
      if (filled === 'full') return filled;
      this.#levels = [];
      return filled ?? this.#goOn(pack);
    } finally {
      closeSync(fd);
    }
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
    const end = { name: basename(resolve(this.path)), ...this.#describeEnd(this.stats) };
    return pack.end(this.transfer, end) ? this.#over() : 'full';
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
      return this.fail(pack, { ...problemOf(error, 'read', path), isMissing: false });
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
    if (read !== size) throw changed(path);
    pack.add(this.transfer, PIECE.file, name, mode, size);
    return undefined;
  }
}

function readWhole(fd: number, into: Buffer): number {
  let read = 0;
  for (;;) {
    const more = readSync(fd, into, read, into.length - read, null);
    read += more;
    // A file whose size is right at hand is read at once; the last byte of the room stays free.
    if (more === 0 || read >= into.length - 1) return read;
  }
}

/** What is said of a file that was not the same at its end as at its beginning. */
export function changed(path: string): Error {
  return stagingError(`${path} was changed while it was read`, { transient: true });
}
