/**
 * A file that processes append to and that this side reads behind them: what a unit writes when
 * its description names no file. It keeps itself small however much is written.
 */
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs';
import type { KeptOutput, MissedOutput } from './unit-run.ts';

/** Of a stream that nobody watches, this much is kept. */
const KEPT_BYTES = 1024 * 1024;
/** Of a watched one, this much may be unread before the rest is passed over. */
const BACKLOG_BYTES = 64 * 1024 * 1024;
/** What is left of a file when it is cut: enough for the tail of a failed unit. */
const TAIL_BYTES = 64 * 1024;
/** The blocks of a file are freed in whole pages. */
const PAGE = 4096;
const CHUNK_BYTES = 64 * 1024;

const scratch = Buffer.allocUnsafeSlow(CHUNK_BYTES);

/** As {@link TakeChunk}; or is told of what is not there any more. */
export type TakePart = (part: Buffer | MissedOutput) => void;

/** Takes a piece of output; owns it. */
export type TakeChunk = (chunk: Buffer) => void;

/** Frees the range of a file on disk; false where the file system cannot. */
export type FreeRange = (fd: number, from: number, to: number) => boolean;

/** Reads from `offset` to the end, but `limit` bytes at most, and says how far it came. */
export function readChunks(fd: number, offset: number, limit: number, take: TakeChunk): number {
  let at = offset;
  while (at < offset + limit) {
    const length = readSync(fd, scratch, 0, Math.min(CHUNK_BYTES, offset + limit - at), at);
    if (length === 0) break;
    take(Buffer.from(scratch.subarray(0, length)));
    at += length;
  }
  return at;
}

/** One such file, of mode 0600, emptied and used again for the next unit. */
export class Capture {
  readonly path: string;
  readonly fd: number;
  readonly #freeRange: FreeRange;
  /** What is still in the file begins here; what a watcher has not had yet begins at #read. */
  #from = 0;
  #read = 0;
  /** Bytes that are no longer in the file, and those of them that the watcher has to be told of. */
  #freed = 0;
  #missed = 0;

  constructor(path: string, freeRange: FreeRange) {
    this.path = path;
    this.#freeRange = freeRange;
    // A leftover may still be open in a process of a former agent: that one keeps its own file.
    rmSync(path, { force: true });
    const { O_RDWR, O_CREAT, O_EXCL, O_APPEND } = constants;
    this.fd = openSync(path, O_RDWR | O_CREAT | O_EXCL | O_APPEND, 0o600);
  }

  /** Starts over, for a new watcher, from what is still there. */
  rewind(): void {
    this.#read = this.#from;
    this.#missed = this.#freed;
  }

  /** Hands over what was written since the last call, at most `limit` bytes of it. */
  pump(take: TakePart, limit = Number.POSITIVE_INFINITY): void {
    if (this.#missed > 0) take({ missed: this.#missed });
    this.#missed = 0;
    const before = this.#read;
    this.#read = readChunks(this.fd, before, limit, take);
    // `> /dev/stderr` in a script truncates the file under us.
    if (this.#read === before && fstatSync(this.fd).size < before) {
      this.#from = 0;
      this.#read = readChunks(this.fd, 0, limit, take);
    }
  }

  /**
   * Hands over the last of what was written since the last call, `limit` bytes at most, at once however
   * much that was; whether there was more before these.
   */
  pumpLatest(take: TakeChunk, limit: number): boolean {
    const { size } = fstatSync(this.fd);
    if (size < this.#read) this.#from = this.#read = 0;
    const from = Math.max(this.#read, size - limit);
    const hasGap = from > this.#read;
    this.#read = readChunks(this.fd, from, Math.min(limit, size - from), take);
    return hasGap;
  }

  /** Keeps the file from filling the disk; called now and then while a process writes to it. */
  trim(watched: boolean): void {
    const { size } = fstatSync(this.fd);
    if (size - this.#from <= KEPT_BYTES) return;
    const wanted = watched ? Math.max(this.#read, size - BACKLOG_BYTES) : size;
    const to = Math.min(wanted, size - TAIL_BYTES);
    const keepFrom = to - (to % PAGE);
    if (keepFrom <= this.#from) return;
    this.#missed += Math.max(0, keepFrom - this.#read);
    this.#read = Math.max(this.#read, keepFrom);
    this.#freed += keepFrom - this.#from;
    if (this.#freeRange(this.fd, this.#from, keepFrom)) this.#from = keepFrom;
    else this.#rewrite(keepFrom, size);
  }

  /** Where files have no holes: what is written between these calls is lost or out of order. */
  #rewrite(keepFrom: number, size: number): void {
    const kept: Buffer[] = [];
    readChunks(this.fd, keepFrom, size - keepFrom, (chunk) => kept.push(chunk));
    ftruncateSync(this.fd, 0);
    for (const chunk of kept) writeSync(this.fd, chunk);
    this.#from = 0;
    this.#read -= keepFrom;
  }

  /**
   * Ends a unit's use of the file: gives a watcher the rest, empties the file, and returns what is
   * worth keeping of all that was written, its last mebibyte; undefined if it is nothing.
   */
  drain(take: TakePart | undefined): KeptOutput | undefined {
    const first = readSync(this.fd, scratch, 0, CHUNK_BYTES, this.#from);
    if (first === 0 && this.#from === 0) return undefined;
    if (take) {
      // It may have become long since the last look.
      this.trim(true);
      this.pump(take);
    }
    const { size } = fstatSync(this.fd);
    const from = Math.max(Math.min(this.#from, size), size - KEPT_BYTES);
    const gone = this.#freed + Math.max(0, from - this.#from);
    const kept: Buffer[] = [];
    readChunks(this.fd, from, size - from, (chunk) => kept.push(chunk));
    this.#empty();
    return { missed: gone, bytes: Buffer.concat(kept) };
  }

  /** The same where only the latest is of use: as {@link pumpLatest}, and empties the file. */
  drainLatest(take: TakeChunk, limit: number): boolean {
    if (this.#read === 0 && readSync(this.fd, scratch, 0, 1, 0) === 0) return false;
    const hasGap = this.pumpLatest(take, limit);
    this.#empty();
    return hasGap;
  }

  #empty(): void {
    ftruncateSync(this.fd, 0);
    this.#from = this.#read = this.#freed = this.#missed = 0;
  }

  /** Whether the file is still the one at its path: a unit may have removed it. */
  get intact(): boolean {
    return fstatSync(this.fd).nlink > 0;
  }

  remove(): void {
    closeSync(this.fd);
    try {
      rmSync(this.path, { force: true });
    } catch {
      // It is not there, nor is its directory one any more.
    }
  }
}
