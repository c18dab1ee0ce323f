/**
 * Bytes that records of a journal refer to: one value after the other in a file of its own, each found
 * again by its place. It is not gone through when a journal is opened, as the log is, however large it
 * has grown; each value has a checksum in its record, and is checked when it is read.
 *
 * A value is durable before any record is written that names it. So what lies behind the last one that
 * a record names was never acknowledged, and is cut off.
 */
import { closeSync, existsSync, openSync, read } from 'node:fs';
import { promisify } from 'node:util';
import { crc32 } from 'node:zlib';
import type { PilotError } from '../model/errors.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { isFull } from '../runtime/store-error.ts';
import type { Disk, DiskFile } from './disk.ts';
import { draftOf, filePath } from './file-names.ts';
import { FrameReader } from './frame-reader.ts';
import { damaged, deleted, missing, otherKind, writeError } from './journal-errors.ts';
import { newHeader } from './new-header.ts';
import { encodeFileHeader, FILE_HEADER_BYTES } from './record-format.ts';
import { RoomWait } from './room-wait.ts';
import { WRITE_NOW_BYTES } from './segment.ts';

const readAsync = promisify(read);

/** Smaller parts are gathered: to copy them costs less than to write each by itself. */
const GATHERED_BYTES = 64 * 1024;

/** Where a value is, and what it sums up to. */
export interface Place {
  readonly at: number;
  readonly size: number;
  readonly check: number;
}

/** What a file of values is opened with. */
export interface ValueFileOptions {
  readonly disk: Disk;
  readonly directory: string;
  /** A word for whose values these are. */
  readonly kind: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** A file of values that is being added to. */
export class ValueFile {
  readonly path: string;
  readonly #options: ValueFileOptions;
  readonly #file: DiskFile;
  readonly #reading: number;
  readonly #salt: number;
  readonly #room: RoomWait;
  /** Where the next value goes, and where what is on disk ends. */
  #end: number;
  #tail: number;
  #pending: Uint8Array[] = [];
  #failed: PilotError | undefined;

  private constructor(options: ValueFileOptions, file: DiskFile, salt: number, end: number) {
    this.path = filePath(options.directory, 'values', 1);
    this.#options = options;
    this.#file = file;
    this.#reading = openSync(this.path, 'r');
    this.#salt = salt;
    this.#room = new RoomWait(options);
    this.#end = this.#tail = end;
  }

  /**
   * Opens the file in a directory, or makes it.
   *
   * @param end where the last value ends that a record names; 0 when there is none
   * @throws PilotError `JOURNAL_DAMAGED`, `JOURNAL_VERSION`, or what the disk says
   */
  static async open(options: ValueFileOptions, end: number): Promise<ValueFile> {
    const { disk, directory, kind } = options;
    const path = filePath(directory, 'values', 1);
    if (!existsSync(path)) {
      if (end > 0) throw missing(path);
      return ValueFile.#create(options, path);
    }
    using found = new FrameReader(path);
    if (found.header.kind !== kind) throw otherKind(path, found.header.kind, kind);
    if (found.size < end) throw damaged(path, found.size, 'the file ends before its values do,');
    const file = await disk.open(path);
    const tail = Math.max(end, FILE_HEADER_BYTES);
    if (found.size > tail) await file.truncate(tail);
    return new ValueFile(options, file, found.header.salt, tail);
  }

  static async #create(options: ValueFileOptions, path: string): Promise<ValueFile> {
    const { disk, directory } = options;
    const header = newHeader('values', options, 1, 1);
    const file = await disk.create(draftOf(path));
    try {
      file.writeNow(encodeFileHeader(header, crc32), 0);
      await file.sync();
      await disk.rename(draftOf(path), path);
      await disk.syncDirectory(directory);
      return new ValueFile(options, file, header.salt, FILE_HEADER_BYTES);
    } catch (error) {
      await file.close();
      await disk.remove(draftOf(path));
      throw error;
    }
  }

  /** Why nothing becomes durable any more. */
  get failed(): PilotError | undefined {
    return this.#failed;
  }

  /** Adds a value, which comes in parts that must not change until it is durable. */
  append(parts: readonly Uint8Array[]): Place {
    const at = this.#end;
    let check = this.#salt;
    for (const part of parts) {
      check = crc32(part, check);
      this.#end += part.length;
      this.#pending.push(part);
    }
    return { at, size: this.#end - at, check };
  }

  /**
   * Makes durable what was added before; to be called again only when it has settled. A full disk is
   * waited for.
   */
  async flush(): Promise<void> {
    if (this.#failed) throw this.#failed;
    if (this.#pending.length === 0) return;
    const pieces = gather(this.#pending);
    const end = this.#end;
    this.#pending = [];
    this.#room.begin();
    for (;;) {
      try {
        await this.#write(pieces);
        this.#tail = end;
        return;
      } catch (error) {
        const waiting = this.#end - this.#tail;
        if (this.#room.isOver || !isFull(error)) {
          const { disk, directory } = this.#options;
          this.#failed = await writeError(error, disk, directory, waiting);
          throw this.#failed;
        }
        await this.#room.next(waiting);
      }
    }
  }

  /**
   * A value that is durable, read from disk and checked.
   *
   * @throws PilotError `JOURNAL_DAMAGED`
   */
  async read({ at, size, check }: Place): Promise<Uint8Array> {
    const bytes = Buffer.allocUnsafeSlow(size);
    let done = 0;
    while (done < size) {
      const left = size - done;
      const { bytesRead } = await readAsync(this.#reading, bytes, done, left, at + done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    if (done < size || crc32(bytes, this.#salt) !== check) {
      throw damaged(this.path, at, 'a value is not what was written');
    }
    return bytes;
  }

  /** From now on a full disk is not waited for. */
  endWaiting(): void {
    this.#room.end();
  }

  /** Lets the file go, with what was not flushed. */
  async close(): Promise<void> {
    closeSync(this.#reading);
    await this.#file.close();
  }

  async #write(pieces: readonly Uint8Array[]): Promise<void> {
    let offset = this.#tail;
    for (const piece of pieces) {
      if (piece.length <= WRITE_NOW_BYTES) this.#file.writeNow(piece, offset);
      else await this.#file.write(piece, offset);
      offset += piece.length;
    }
    await this.#file.sync();
    if (this.#file.isDeleted) throw deleted(this.path);
  }
}

/** The same bytes in fewer pieces. */
function gather(parts: readonly Uint8Array[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let small: Uint8Array[] = [];
  let bytes = 0;
  const closePiece = () => {
    if (small.length > 0)
      pieces.push(small.length === 1 ? (small[0] as Uint8Array) : Buffer.concat(small));
    small = [];
    bytes = 0;
  };
  for (const part of parts) {
    if (part.length >= GATHERED_BYTES || bytes + part.length > WRITE_NOW_BYTES) closePiece();
    if (part.length >= GATHERED_BYTES) pieces.push(part);
    else {
      small.push(part);
      bytes += part.length;
    }
  }
  closePiece();
  return pieces;
}
