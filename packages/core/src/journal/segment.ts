/**
 * One file of the log, with room on disk ahead of its tail: zeros that were written and synced
 * before. Frames go only into such room, so that a frame costs no change of metadata (a cheaper
 * fdatasync), and a full disk is met when room is made, not when work is reported.
 */

import { crc32 } from 'node:zlib';
import type { Batch } from './batch.ts';
import type { Disk, DiskFile } from './disk.ts';
import { draftOf, filePath } from './file-names.ts';
import type { End } from './frame-reader.ts';
import { deleted } from './journal-errors.ts';
import {
  encodeFileHeader,
  FILE_HEADER_BYTES,
  type FileHeader,
  FRAME_HEADER_BYTES,
} from './record-format.ts';

/** Room that is there beyond all reservations, for what running work brings. */
export const MARGIN_BYTES = 1024 * 1024;
/** Room is made in steps as large as the file, within these limits. */
const FIRST_STEP_BYTES = 1024 * 1024;
const LAST_STEP_BYTES = 8 * 1024 * 1024;
/** Up to this size a copy into the page cache takes less time than to ask another thread for it. */
export const WRITE_NOW_BYTES = 256 * 1024;

const ZEROS = new Uint8Array(FIRST_STEP_BYTES);

/** A segment that is being written to. */
export class Segment {
  readonly path: string;
  readonly header: FileHeader;
  readonly #file: DiskFile;
  /**
   * The same file once more, to make room. The kernel tells of a failed write once for each
   * descriptor: over a shared one, room being made could swallow the error of a frame.
   */
  readonly #ahead: DiskFile;
  #tail: number;
  #end: number;
  /** Settles, never rejects, when no room is being made any more. */
  #growing: Promise<unknown> = Promise.resolve();
  #growths = 0;
  #keepAhead = true;

  private constructor(
    path: string,
    header: FileHeader,
    file: DiskFile,
    ahead: DiskFile,
    tail: number,
  ) {
    this.path = path;
    this.header = header;
    this.#file = file;
    this.#ahead = ahead;
    this.#tail = tail;
    this.#end = Math.max(tail, file.size);
  }

  /** Makes a segment; under its name there is never anything but a complete header and `room`. */
  static async create(
    disk: Disk,
    directory: string,
    header: FileHeader,
    room: number,
  ): Promise<Segment> {
    const path = filePath(directory, 'segment', header.number);
    const draft = draftOf(path);
    const file = await disk.create(draft);
    let segment: Segment | undefined;
    try {
      file.writeNow(encodeFileHeader(header, crc32), 0);
      segment = new Segment(path, header, file, await disk.open(draft), FILE_HEADER_BYTES);
      await segment.ensureRoom(room + FIRST_STEP_BYTES);
      await disk.rename(draft, path);
      await disk.syncDirectory(directory);
      return segment;
    } catch (error) {
      await (segment ?? file).close();
      await disk.remove(draft);
      await disk.remove(path);
      throw error;
    }
  }

  /**
   * Goes on with a segment after its last frame; what a crash has left behind that is removed.
   * All that was read is durable afterwards: whoever wrote it may have been killed before the sync.
   */
  static async reopen(
    disk: Disk,
    path: string,
    header: FileHeader,
    end: Pick<End, 'offset' | 'tornBytes'>,
  ): Promise<Segment> {
    const file = await disk.open(path);
    if (end.tornBytes > 0) await file.truncate(end.offset);
    await file.sync();
    return new Segment(path, header, file, await disk.open(path), end.offset);
  }

  /** Bytes that can be written without asking the disk for more. */
  get room(): number {
    return this.#end - this.#tail;
  }

  /**
   * Writes a frame and makes it durable. When it throws, the tail is where it was, and the same
   * frame may be tried again.
   *
   * @param mayBlock whether the caller would rather wait for the disk here than be called back
   * @throws PilotError `STORE_UNWRITABLE` when somebody has deleted the file.
   */
  async append(batch: Batch, sequence: number, mayBlock: boolean): Promise<void> {
    const length = FRAME_HEADER_BYTES + batch.payloadBytes;
    if (length > this.room) await this.ensureRoom(length);
    const parts = batch.seal(sequence, this.header.salt, crc32);
    let offset = this.#tail;
    for (const part of parts) {
      if (part.length <= WRITE_NOW_BYTES) this.#file.writeNow(part, offset);
      else await this.#file.write(part, offset);
      offset += part.length;
    }
    // Zeros on their way to the disk would have to be waited for as well.
    if (mayBlock && this.#file.syncNow && this.#growths === 0) this.#file.syncNow();
    else await this.#file.sync();
    if (this.#file.isDeleted) throw deleted(this.path);
    this.#tail = offset;
    this.#growAhead();
  }

  /** Makes sure that there is room; when it throws, there is as much as before. */
  async ensureRoom(bytes: number): Promise<void> {
    this.#growths++;
    const growth = this.#growing.then(() => this.#growTo(this.#tail + bytes));
    this.#growing = growth.catch(() => {}).finally(() => this.#growths--);
    await growth;
    this.#keepAhead = true;
  }

  /**
   * Closes the file once nothing is being written any more.
   *
   * @param isLast gives back the room ahead: who opens the file again makes it anew, and many never are
   */
  async close(isLast = false): Promise<void> {
    this.#keepAhead = false;
    await this.#growing;
    // A file that stays as long as it was is read all the same.
    if (isLast) await this.#file.truncate(this.#tail).catch(() => {});
    await this.#ahead.close();
    await this.#file.close();
  }

  /** Makes room before it is needed, so that nobody waits for it. */
  #growAhead(): void {
    const step = Math.min(Math.max(this.#end, FIRST_STEP_BYTES), LAST_STEP_BYTES);
    if (!this.#keepAhead || this.room >= MARGIN_BYTES + step / 4) return;
    this.#keepAhead = false;
    // On a full disk this is not the place to say so: it is, when somebody cannot do without.
    this.ensureRoom(this.room + step).catch(() => {});
  }

  async #growTo(end: number): Promise<void> {
    const before = this.#end;
    try {
      for (let offset = before; offset < end; offset += ZEROS.length) {
        await this.#ahead.write(ZEROS.subarray(0, Math.min(ZEROS.length, end - offset)), offset);
      }
      if (end > before) await this.#ahead.sync();
      this.#end = Math.max(end, before);
    } catch (error) {
      await this.#ahead.truncate(before).catch(() => {});
      throw error;
    }
  }
}
