/**
 * Reads a journal's files, and tells the end of what was written from damage to it. Reads only;
 * what to do about either is decided elsewhere.
 */

import '../runtime/disposal.ts';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { damaged, foreign, newer } from './journal-errors.ts';
import {
  decodeFileHeader,
  decodeFrameHeader,
  FILE_HEADER_BYTES,
  type FileHeader,
  FORMAT_VERSION,
  FRAME_HEADER_BYTES,
  FRAME_MAGIC,
  type FrameHeader,
  frameCheck,
} from './record-format.ts';

const WINDOW_BYTES = 1024 * 1024;
const ZEROS = new Uint8Array(WINDOW_BYTES);

/** What became durable in one step. */
export interface Frame {
  readonly offset: number;
  readonly sequence: number;
  /** Stays as it is when the reader goes on. */
  readonly payload: Uint8Array;
}

/** Where the frames of a file end. */
export interface End {
  /** After the last frame that is whole. */
  readonly offset: number;
  /** Of that frame; one less than the file's first when there is none. */
  readonly sequence: number;
  /** Bytes of a frame that was being written when a crash came; 0 when none was. */
  readonly tornBytes: number;
}

/** A journal's file, open for reading; `using` closes it. */
export class FrameReader implements Disposable {
  readonly path: string;
  readonly header: FileHeader;
  readonly size: number;
  readonly #fd: number;
  #window: Uint8Array = new Uint8Array(0);
  #windowOffset = 0;

  /** @throws PilotError `JOURNAL_VERSION`, `JOURNAL_DAMAGED` when the header is not ours to read. */
  constructor(path: string) {
    this.path = path;
    this.#fd = openSync(path, 'r');
    try {
      this.size = fstatSync(this.#fd).size;
      this.header = this.#readHeader();
    } catch (error) {
      closeSync(this.#fd);
      throw error;
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }

  /**
   * The frames from the first on, checked; returns where they end.
   *
   * @throws PilotError `JOURNAL_DAMAGED` when something is broken that whole frames follow.
   */
  *frames(): Generator<Frame, End> {
    let offset = FILE_HEADER_BYTES;
    let sequence = this.header.sequence;
    for (;;) {
      const frame = this.#frameAt(offset);
      if (frame?.sequence === sequence) {
        yield frame;
        offset += FRAME_HEADER_BYTES + frame.payload.length;
        sequence++;
        continue;
      }
      if (!this.#hasFrameAfter(offset, sequence)) break;
      // Another program may have been writing it when we looked first.
      this.#window = new Uint8Array(0);
      if (this.#frameAt(offset)?.sequence !== sequence) {
        throw damaged(this.path, offset, 'a frame is damaged, and whole ones follow it,');
      }
    }
    return { offset, sequence: sequence - 1, tornBytes: this.#endOfData(offset) - offset };
  }

  /** The frames before `end`, which {@link frames} has gone through before: unchecked, and cheaper. */
  *framesAgain(end: number): Generator<Frame> {
    for (let offset = FILE_HEADER_BYTES; offset < end; ) {
      const header = decodeFrameHeader(this.#view(offset, FRAME_HEADER_BYTES));
      if (!header) throw damaged(this.path, offset, 'a frame is gone that was there before');
      const begin = offset + FRAME_HEADER_BYTES;
      const { sequence, length } = header;
      yield { offset, sequence, payload: this.#view(begin, length) };
      offset = begin + length;
    }
  }

  #readHeader(): FileHeader {
    const finding = decodeFileHeader(this.#view(0, FILE_HEADER_BYTES), crc32);
    switch (finding.state) {
      case 'valid':
        return finding.header;
      case 'newer':
        throw newer(this.path, 'format', finding.version, FORMAT_VERSION);
      case 'foreign':
        throw foreign(this.path);
      case 'damaged':
        throw damaged(this.path, 0, "the file's header is damaged");
    }
  }

  #frameAt(offset: number): Frame | undefined {
    const header = decodeFrameHeader(this.#view(offset, FRAME_HEADER_BYTES));
    const begin = offset + FRAME_HEADER_BYTES;
    if (!header || begin + header.length > this.size) return undefined;
    const payload = this.#view(begin, header.length);
    return this.#isWhole(header, payload)
      ? { offset, sequence: header.sequence, payload }
      : undefined;
  }

  #isWhole(header: FrameHeader, payload: Uint8Array): boolean {
    return frameCheck(header, [payload], this.header.salt, crc32) === header.check;
  }

  /** Looks for a frame, wherever it may begin, that was written after the one which should be here. */
  #hasFrameAfter(offset: number, sequence: number): boolean {
    const magic = Buffer.from(FRAME_MAGIC);
    for (let from = offset; from < this.size; from += WINDOW_BYTES) {
      // Windows overlap, as a frame may begin in the last bytes of one.
      const bytes = Buffer.from(this.#view(from, WINDOW_BYTES + magic.length - 1));
      for (let at = bytes.indexOf(magic); at >= 0; at = bytes.indexOf(magic, at + 1)) {
        const frame = this.#frameAt(from + at);
        if (frame && frame.sequence >= sequence) return true;
      }
    }
    return false;
  }

  #endOfData(from: number): number {
    let end = from;
    for (let offset = from; offset < this.size; offset += WINDOW_BYTES) {
      const bytes = this.#view(offset, WINDOW_BYTES);
      if (Buffer.compare(bytes, ZEROS.subarray(0, bytes.length)) === 0) continue;
      end = offset + bytes.findLastIndex((byte) => byte !== 0) + 1;
    }
    return end;
  }

  /** The bytes there, fewer at the file's end. */
  #view(offset: number, length: number): Uint8Array {
    const begin = offset - this.#windowOffset;
    if (begin < 0 || begin + length > this.#window.length) {
      this.#window = this.#read(offset, Math.max(length, WINDOW_BYTES));
      this.#windowOffset = offset;
      return this.#window.subarray(0, length);
    }
    return this.#window.subarray(begin, begin + length);
  }

  #read(offset: number, length: number): Uint8Array {
    const bytes = Buffer.allocUnsafeSlow(Math.max(0, Math.min(length, this.size - offset)));
    let done = 0;
    while (done < bytes.length) {
      const count = readSync(this.#fd, bytes, done, bytes.length - done, offset + done);
      if (count === 0) break;
      done += count;
    }
    return bytes.subarray(0, done);
  }
}
