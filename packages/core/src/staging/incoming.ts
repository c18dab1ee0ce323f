/**
 * Makes one transfer at its destination, under a name that nobody else uses, from pieces that another
 * machine sends and that are not trusted: nothing is made but below that name, and a link that came
 * is never gone through. Whole files are written at once, chunks beside everything else.
 */
import { closeSync, symlinkSync, write } from 'node:fs';
import { join } from 'node:path';
import {
  decodeEnd,
  PIECE,
  type TransferEnd,
  type TransferProblem,
  WINDOW_BYTES,
} from '../protocol/transfer-messages.ts';
import { giveBackData } from '../runtime/give-back.ts';
import { isNameWithin, parentOf } from './names.ts';
import { MODE, makeNew, openNew, writeAll } from './new-entries.ts';
import { problemOf, stagingError } from './problems.ts';
import { removeAside } from './remove.ts';

const OWNERS = 0o700;

/** Something complete under a name of ours, to be put where it belongs. */
export interface Staged {
  readonly path: string;
  readonly isDirectory: boolean;
  /** Of all its files. */
  readonly bytes: number;
  /** Directories, by name, whose modes would not have let their contents be made; they get these at the end. */
  readonly modes: readonly (readonly [name: string, mode: number])[];
}

/** What has become of a transfer. */
export type Arrival =
  | { readonly type: 'staged'; readonly staged: Staged; readonly end: TransferEnd }
  | { readonly type: 'same'; readonly end: TransferEnd }
  | {
      readonly type: 'failed';
      readonly problem: TransferProblem;
      /** It has, or would have, that many bytes at least. */
      readonly bytes: number;
    };

/** A row of a pack. */
export interface Piece {
  readonly kind: number;
  readonly name: string;
  readonly mode: number;
  readonly size: number;
  readonly data: Buffer;
}

/** What a transfer tells. */
export interface IncomingEvents {
  /** So many bytes of its chunks are written. */
  written(bytes: number): void;
  /** Of a single large file so much is here. */
  progress?(bytes: number, size: number): void;
  /** Once, and nothing after it; what came is removed unless it is `staged`. */
  over(arrival: Arrival): void;
}

interface OpenFile {
  readonly fd: number;
  readonly path: string;
  readonly size: number;
  /** How far its chunks have come, and how far they are written. */
  at: number;
  written: number;
  isClosed: boolean;
}

/** One transfer on its way in. */
export class Incoming {
  readonly path: string;
  readonly #events: IncomingEvents;
  /** By their names within it; the top is ''. */
  readonly #directories = new Set<string>();
  readonly #modes: (readonly [string, number])[] = [];
  #hasTop = false;
  #bytes = 0;
  /** Of all files that have been begun, whole. */
  #announced = 0;
  /** What the next chunks are of. */
  #file: OpenFile | undefined;
  /** Bytes of chunks that have come and are not written. */
  #unwritten = 0;
  #end: TransferEnd | undefined;
  #isOver = false;

  /** Nothing may be at the path yet; what it is in must be there. */
  constructor(path: string, events: IncomingEvents) {
    this.path = path;
    this.#events = events;
  }

  /** Makes what a row says. */
  take(piece: Piece): void {
    if (this.#isOver) return;
    try {
      this.#make(piece);
    } catch (error) {
      this.#fail(problemOf(error, 'written', join(this.path, piece.name)));
    }
  }

  /** Takes the next bytes of the large file in, and writes them once it is known that they are whole. */
  takeChunk(at: number, data: Buffer, isWhole: Promise<boolean>): void {
    if (this.#isOver) return;
    const file = this.#file;
    const isExpected = at === file?.at && at + data.length <= file.size;
    if (
      file === undefined ||
      !isExpected ||
      this.#unwritten + data.length > WINDOW_BYTES ||
      data.length === 0
    ) {
      this.#fail(outOfOrder(this.path).data);
      return;
    }
    file.at += data.length;
    this.#unwritten += data.length;
    if (this.#directories.size === 0) this.#events.progress?.(file.at, file.size);
    // What follows the file may be made while it is being written.
    if (file.at === file.size) this.#file = undefined;
    void isWhole.then((yes) => {
      if (!yes) this.damage();
      if (!this.#isOver) this.#write(file, data, at);
      else this.#wroteTo(file, data.length);
    });
  }

  /** Something was damaged on its way. */
  damage(): void {
    this.#fail({ problem: `${this.path} arrived damaged`, transient: true });
  }

  /** Nobody wants it any more: what came is removed. */
  abandon(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#discard();
  }

  #make(piece: Piece): void {
    const { kind, name, data } = piece;
    if (kind === PIECE.failed) {
      this.#fail(JSON.parse(data.toString()) as TransferProblem);
      return;
    }
    if (this.#end !== undefined || this.#file !== undefined) throw outOfOrder(this.path);
    if (kind === PIECE.same) {
      if (this.#hasTop) throw outOfOrder(this.path);
      this.#over({ type: 'same', end: decodeEnd(data.toString()) });
    } else if (kind === PIECE.end) {
      if (!this.#hasTop) throw outOfOrder(this.path);
      this.#end = decodeEnd(data.toString());
      this.#complete();
    } else this.#makeEntry(piece, this.#place(name));
  }

  /** Where something of that name is made. */
  #place(name: string): string {
    if (name === '' && !this.#hasTop) {
      this.#hasTop = true;
      return this.path;
    }
    // A directory that we have made ourselves, hence no link.
    if (!isNameWithin(name) || !this.#directories.has(parentOf(name))) {
      throw stagingError(`'${name}' is no name for something within ${this.path}`);
    }
    return `${this.path}/${name}`;
  }

  #makeEntry({ kind, name, mode, size, data }: Piece, path: string): void {
    if (kind === PIECE.file || kind === PIECE.large) this.#announced += size;
    switch (kind) {
      case PIECE.file: {
        const fd = openNew(path, mode);
        try {
          if (data.length > 0) writeAll(fd, data);
        } finally {
          closeSync(fd);
        }
        this.#bytes += data.length;
        return;
      }
      case PIECE.large:
        if (!(size > 0)) throw outOfOrder(this.path);
        this.#file = { fd: openNew(path, mode), path, size, at: 0, written: 0, isClosed: false };
        return;
      case PIECE.link:
        if (name === '') throw outOfOrder(this.path);
        symlinkSync(data, path);
        return;
      case PIECE.directory:
        this.#makeDirectory(name, path, mode & MODE);
        return;
      default:
        throw outOfOrder(this.path);
    }
  }

  #makeDirectory(name: string, path: string, mode: number): void {
    const isOpen = (mode & OWNERS) === OWNERS;
    makeNew(path, isOpen ? mode : OWNERS);
    if (!isOpen) this.#modes.push([name, mode]);
    this.#directories.add(name);
  }

  #write(file: OpenFile, data: Buffer, at: number): void {
    write(file.fd, data, 0, data.length, at, (error, written) => {
      const bytes = error === null ? written : data.length;
      if (error !== null) this.#fail(problemOf(error, 'written', file.path));
      else if (bytes < data.length) this.#write(file, data.subarray(bytes), at + bytes);
      else giveBackData(data);
      this.#wroteTo(file, bytes);
      if (!this.#isOver) this.#wrote(bytes);
    });
  }

  /** Nothing more comes of so many of its bytes, written or not. */
  #wroteTo(file: OpenFile, bytes: number): void {
    file.written += bytes;
    this.#closeWritten(file);
  }

  #closeWritten(file: OpenFile): void {
    const isDone = file.written === (this.#isOver ? file.at : file.size);
    if (!isDone || file.isClosed) return;
    file.isClosed = true;
    try {
      closeSync(file.fd);
    } catch (error) {
      // A file system behind a network may say only now that there was no room.
      this.#fail(problemOf(error, 'written', file.path));
    }
  }

  #wrote(bytes: number): void {
    this.#unwritten -= bytes;
    this.#bytes += bytes;
    this.#events.written(bytes);
    this.#complete();
  }

  #complete(): void {
    if (this.#end === undefined || this.#unwritten > 0 || this.#isOver) return;
    const { path } = this;
    const isDirectory = this.#directories.size > 0;
    const staged = { path, isDirectory, bytes: this.#bytes, modes: this.#modes };
    this.#over({ type: 'staged', staged, end: this.#end });
  }

  #fail(problem: TransferProblem): void {
    if (this.#isOver) return;
    this.#over({ type: 'failed', problem, bytes: this.#announced });
    this.#discard();
  }

  #over(arrival: Arrival): void {
    this.#isOver = true;
    this.#events.over(arrival);
  }

  #discard(): void {
    if (this.#file !== undefined) this.#closeWritten(this.#file);
    if (this.#hasTop) removeAside(this.path, this.#directories.size > 0);
  }
}

function outOfOrder(path: string): ReturnType<typeof stagingError> {
  return stagingError(`what was sent for ${path} makes no sense`);
}
