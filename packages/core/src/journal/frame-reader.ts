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
/** A payload that is larger is read in steps of so many bytes, a millisecond or two each. */
const STEP_BYTES = 2 * WINDOW_BYTES;

/** What became durable in one step. */
export interface Frame {
  readonly offset: number;
  readonly sequence: number;
  /** Stays as it is when the reader goes on. */
  readonly payload: Uint8Array;
}

/** A frame that was found to be whole. */
export interface FoundFrame {
  readonly offset: number;
  readonly sequence: number;
  /** Of its payload. */
  readonly length: number;
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
  #scratch: Uint8Array | undefined;

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
    const found = this.check();
    for (;;) {
      const { value, done } = found.next();
      if (done) return value;
      if (value === undefined) continue;
      const { offset, sequence, length } = value;
      yield { offset, sequence, payload: this.#view(offset + FRAME_HEADER_BYTES, length) };
    }
  }

  /**
   * The same without their payloads, in steps that are short however large a frame is: undefined for one
   * that has not come to its frame's end.
   *
   * @throws like {@link frames}
   */
  *check(): Generator<FoundFrame | undefined, End> {
    let offset = FILE_HEADER_BYTES;
    let sequence = this.header.sequence;
    for (;;) {
      const header = this.#headerAt(offset);
      if (header?.sequence === sequence && (yield* this.#isWhole(header, offset))) {
        const { length } = header;
        yield { offset, sequence, length };
        offset += FRAME_HEADER_BYTES + length;
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

  /**
   * The frames before `end`, which {@link check} has gone through before: unchecked, and cheaper. Undefined
   * for a step of reading a large one.
   */
  *framesAgain(end: number): Generator<Frame | undefined> {
    for (let offset = FILE_HEADER_BYTES; offset < end; ) {
      const header = decodeFrameHeader(this.#view(offset, FRAME_HEADER_BYTES));
      if (!header) throw damaged(this.path, offset, 'a frame is gone that was there before');
      const begin = offset + FRAME_HEADER_BYTES;
      const { sequence, length } = header;
      const isLarge = length > STEP_BYTES;
      const payload = isLarge ? yield* this.#readInSteps(begin, length) : this.#view(begin, length);
      yield { offset, sequence, payload };
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

  /** The header of a frame that the file is long enough for. */
  #headerAt(offset: number): FrameHeader | undefined {
    const header = decodeFrameHeader(this.#view(offset, FRAME_HEADER_BYTES));
    if (!header || offset + FRAME_HEADER_BYTES + header.length > this.size) return undefined;
    return header;
  }

  /** The header of a frame that is whole. */
  #frameAt(offset: number): FrameHeader | undefined {
    const header = this.#headerAt(offset);
    if (header === undefined) return undefined;
    const steps = this.#isWhole(header, offset);
    let step = steps.next();
    while (!step.done) step = steps.next();
    return step.value ? header : undefined;
  }

  /** Whether the frame there is whole; a large one is read in steps. */
  *#isWhole(header: FrameHeader, offset: number): Generator<undefined, boolean> {
    const begin = offset + FRAME_HEADER_BYTES;
    const { length } = header;
    if (length <= STEP_BYTES) {
      return (
        frameCheck(header, [this.#view(begin, length)], this.header.salt, crc32) === header.check
      );
    }
    // Always the same memory: the collector would give back that of all steps in one long pause.
    this.#scratch ??= Buffer.allocUnsafeSlow(STEP_BYTES);
    let check = frameCheck(header, [], this.header.salt, crc32);
    for (let at = 0; at < length; at += STEP_BYTES) {
      if (at > 0) yield;
      const bytes = this.#scratch.subarray(0, length - at);
      check = crc32(bytes.subarray(0, this.#readInto(bytes, begin + at)), check);
    }
    return check === header.check;
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
    return bytes.subarray(0, this.#readInto(bytes, offset));
  }

  *#readInSteps(offset: number, length: number): Generator<undefined, Uint8Array> {
    const bytes = Buffer.allocUnsafeSlow(length);
    let done = 0;
    while (done < length) {
      if (done > 0) yield;
      const count = this.#readInto(bytes.subarray(done, done + STEP_BYTES), offset + done);
      if (count === 0) throw damaged(this.path, offset, 'a frame is gone that was there before');
      done += count;
    }
    return bytes;
  }

  /** Fills it as far as the file goes; returns how many bytes that were. */
  #readInto(bytes: Uint8Array, offset: number): number {
    let done = 0;
    while (done < bytes.length) {
      const count = readSync(this.#fd, bytes, done, bytes.length - done, offset + done);
      if (count === 0) break;
      done += count;
    }
    return done;
  }
}
