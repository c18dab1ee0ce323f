/**
 * Messages to frames and back: four bytes of length (big-endian), then a msgpack array of
 * messages. Knows no socket.
 *
 * Each direction of a link has an encoder and a decoder of its own, because a shape of object is
 * described once in a stream and named by number from then on: a frame can be read only after all
 * those before it.
 */

import { Packr, Unpackr } from 'msgpackr';
import { assert } from '../model/assert.ts';
import { PilotError } from '../model/errors.ts';
import { LARGEST_FRAME } from '../protocol/messages.ts';
import { giveBack } from '../runtime/give-back.ts';
import { Pieces } from '../runtime/pieces.ts';
import { addTypedArrays, withRoomFor } from '../runtime/typed-arrays.ts';

/** A frame holds no more messages than this. */
export const FRAME_MESSAGES = 1_000;
/** A frame holds no more bytes of messages than this, unless a single message is larger. */
export const FRAME_BYTES = 256 * 1024;

/** The arrays that a frame holds in runs have no more bytes: a thousand of the longest reports have 80 MB. */
const LARGEST_RUNS = 128 * 1024 * 1024;

/**
 * From this size on a frame is not copied where that can be helped: of the time that a gigabyte takes in
 * chunks, each copy is a tenth, and half of that goes into getting and clearing the memory for it.
 */
const LARGE_FRAME = 64 * 1024;

/** What comes out of ssh lies between the head of its packet and the padding, which have no more together. */
const PACKET_REST = 64;

const LENGTH_BYTES = 4;
/** The length, then the head of a msgpack array whose length takes four bytes. */
const HEAD_BYTES = LENGTH_BYTES + 5;
const ARRAY_32 = 0xdd;
const NOTHING: Buffer = Buffer.alloc(0);
/** An empty run of bytes, as msgpack has it. */
const NO_BYTES = Buffer.from([0xc4, 0]);
/** Begins a run of bytes whose length takes four. */
const BYTES_32 = 0xc6;

/** Takes a part of a frame, and calls `sent` when it is not needed any more. */
type Write = (part: Buffer, sent?: () => void) => void;

/** `sequential`: shapes carry over to later frames; `moreTypes`: typed arrays stay what they are. */
const STREAM = { sequential: true, moreTypes: true } as const;
addTypedArrays();

/**
 * Packs messages at once and hands over frames, in one piece or two: full ones by itself, the last
 * when told to. Large `data` that comes last in a message is not copied, unless it is somebody else's
 * memory and would have to wait.
 */
export class FrameEncoder {
  readonly #packr = new Packr({ ...STREAM });
  readonly #write: Write;
  readonly #waits: () => boolean;
  #messages: Buffer[] = [];
  #size = 0;

  /** @param waits whether what is written now will not leave at once, and is read again when it does */
  constructor(write: Write, waits: () => boolean = () => false) {
    this.#write = write;
    this.#waits = waits;
  }

  /** Bytes that wait for the next frame. */
  get size(): number {
    return this.#size;
  }

  /**
   * Takes a message in, and calls `sent` when nothing of it is needed any more. It throws for what is
   * a defect: no plain data, or more than a frame holds.
   */
  add(message: object, sent?: () => void): void {
    if (endsWithLargeData(message)) {
      this.#handOver(message, sent);
      return;
    }
    const bytes = this.#pack(withoutPieces(message));
    sent?.();
    if (this.#size + bytes.length > FRAME_BYTES) this.flush();
    this.#messages.push(bytes);
    this.#size += bytes.length;
    if (this.#messages.length === FRAME_MESSAGES) this.flush();
  }

  /** Hands over what has come since the last frame, if anything. */
  flush(): void {
    if (this.#messages.length === 0) return;
    const head = Buffer.allocUnsafe(HEAD_BYTES);
    head.writeUInt32BE(HEAD_BYTES - LENGTH_BYTES + this.#size, 0);
    head.writeUInt8(ARRAY_32, LENGTH_BYTES);
    head.writeUInt32BE(this.#messages.length, LENGTH_BYTES + 1);
    const messages = this.#messages;
    const size = this.#size;
    this.#messages = [];
    this.#size = 0;
    if (messages.length === 1 && size >= LARGE_FRAME) {
      this.#write(head);
      this.#write(messages[0] as Buffer);
    } else {
      this.#write(Buffer.concat([head, ...messages], HEAD_BYTES + size));
    }
  }

  /** As a frame of its own, after all that came before it. */
  #handOver(message: LargeMessage, sent: (() => void) | undefined): void {
    this.flush();
    const { data } = message;
    const bytes = this.#pack({ ...message, data: NOTHING }, data.length);
    const before = bytes.length - NO_BYTES.length;
    assert(bytes.subarray(before).equals(NO_BYTES), 'a message does not end with its data');
    const head = Buffer.allocUnsafe(HEAD_BYTES + before + HEAD_BYTES - LENGTH_BYTES);
    head.writeUInt32BE(head.length - LENGTH_BYTES + data.length, 0);
    head.writeUInt8(ARRAY_32, LENGTH_BYTES);
    head.writeUInt32BE(1, LENGTH_BYTES + 1);
    bytes.copy(head, HEAD_BYTES, 0, before);
    head.writeUInt8(BYTES_32, HEAD_BYTES + before);
    head.writeUInt32BE(data.length, HEAD_BYTES + before + 1);
    this.#write(head);
    if (data instanceof Pieces) {
      data.all.forEach((piece, row) => {
        this.#writePiece(piece, row === data.all.length - 1 ? sent : undefined);
      });
    } else this.#write(data, sent);
  }

  /**
   * Writes memory that is somebody else's. If its owner gave it away while it waits, the frame would be
   * shorter than it says, and nothing after it could be read: what has to wait is copied.
   */
  #writePiece(piece: Uint8Array, sent: (() => void) | undefined): void {
    if (!this.#waits()) {
      this.#write(bufferOf(piece), sent);
      return;
    }
    const copy = Buffer.from(piece);
    this.#write(copy, () => {
      giveBack(copy);
      sent?.();
    });
  }

  #pack(message: object, more = 0): Buffer {
    try {
      const bytes = this.#packr.pack(message);
      const size = bytes.length + more;
      const fits = HEAD_BYTES + size <= LARGEST_FRAME;
      assert(fits, `a message of ${size} bytes is more than a frame holds`);
      return bytes;
    } catch (error) {
      // The message may have numbered shapes that the other side will now never see described.
      this.#packr.clearSharedData();
      throw error;
    }
  }
}

/**
 * Takes bytes as they come and gives back the messages of each whole frame. Nothing that it gives
 * back shares memory with those bytes. A frame is copied at most once: a large one as its bytes come,
 * into memory that is its messages' alone.
 */
export class FrameDecoder {
  readonly #unpackr: Unpackr & { copyBuffers?: boolean } = new Unpackr({ ...STREAM });
  /** The bytes not yet read: those of `#bytes` from `#at` on, then those of `#more`. */
  #bytes = NOTHING;
  #at = 0;
  #more: Buffer[] = [];
  #unread = 0;
  /** How many bytes the next step takes: a length, or a frame with its length. */
  #wanted = LENGTH_BYTES;
  /** The large frame that is coming, and how much of it is there. */
  #large: Buffer | undefined;
  #filled = 0;

  /** Whether a frame has begun and not ended. */
  get isWithinFrame(): boolean {
    return this.#unread > 0 || this.#large !== undefined;
  }

  /** Takes bytes in, which nobody else has; {@link next} reads them. */
  push(chunk: Buffer): void {
    // Kept: a chunk whose memory was given back has no length any more.
    const { length } = chunk;
    const copied = this.#fill(chunk, 0);
    if (copied === length) return;
    if (this.#unread > 0) {
      this.#more.push(chunk);
    } else {
      this.#bytes = chunk;
      this.#at = copied;
    }
    this.#unread += length - copied;
  }

  /**
   * The messages of the next whole frame, or undefined until more bytes are here.
   *
   * @throws PilotError `PROTOCOL_MISMATCH` for what is no frame; then the stream cannot be read on.
   */
  next(): object[] | undefined {
    if (this.#large === undefined) {
      if (this.#unread < this.#wanted) return undefined;
      this.#join();
      if (this.#wanted === LENGTH_BYTES) this.#readLength();
      if (this.#wanted < LARGE_FRAME) return this.#unread < this.#wanted ? undefined : this.#take();
      this.#beginLarge();
    }
    return this.#filled < this.#wanted ? undefined : this.#takeLarge();
  }

  #readLength(): void {
    this.#wanted = LENGTH_BYTES + this.#bytes.readUInt32BE(this.#at);
    if (this.#wanted > LARGEST_FRAME) {
      throw unreadable(`of ${this.#wanted} bytes; ${LARGEST_FRAME} are the most`);
    }
  }

  #join(): void {
    if (this.#more.length === 0) return;
    const pieces = [this.#bytes, ...this.#more];
    this.#bytes = Buffer.concat([this.#bytes.subarray(this.#at), ...this.#more], this.#unread);
    this.#at = 0;
    this.#more = [];
    for (const piece of pieces) this.#letGo(piece);
  }

  /** What is there of it moves to memory of its own, and the rest will follow. */
  #beginLarge(): void {
    this.#large = Buffer.allocUnsafeSlow(this.#wanted);
    this.#filled = 0;
    const at = this.#at;
    this.#at = this.#fill(this.#bytes, at);
    this.#unread -= this.#at - at;
    if (this.#unread === 0) this.#bytes = NOTHING;
  }

  /** Copies what belongs to the large frame that is coming; returns where in the chunk that ends. */
  #fill(chunk: Buffer, at: number): number {
    if (this.#large === undefined) return at;
    const copied = chunk.copy(this.#large, this.#filled, at);
    this.#filled += copied;
    if (at + copied < chunk.length) return at + copied;
    const { length } = chunk;
    this.#letGo(chunk);
    return length;
  }

  #letGo(chunk: Buffer): void {
    giveBack(chunk, PACKET_REST);
  }

  #takeLarge(): object[] {
    const frame = this.#large as Buffer;
    this.#large = undefined;
    this.#wanted = LENGTH_BYTES;
    return this.#unpack(frame, LENGTH_BYTES, frame.length);
  }

  /** Reads the frame that is wholly in `#bytes`. */
  #take(): object[] {
    const end = this.#at + this.#wanted;
    const messages = this.#unpack(this.#bytes, this.#at + LENGTH_BYTES, end);
    this.#at = end;
    this.#unread -= this.#wanted;
    this.#wanted = LENGTH_BYTES;
    if (this.#unread === 0) this.#bytes = NOTHING;
    return messages;
  }

  #unpack(bytes: Buffer, start: number, end: number): object[] {
    if (start === end) throw unreadable('without contents');
    // What is in a large frame stays there, if it is all of one message.
    this.#unpackr.copyBuffers = bytes === this.#bytes || !isOneMessage(bytes, start);
    let messages: unknown;
    try {
      messages = withRoomFor(LARGEST_RUNS, () => this.#unpackr.unpack(bytes, { start, end }));
    } catch (cause) {
      throw unreadable('that is no msgpack', cause);
    }
    if (!Array.isArray(messages) || !messages.every(isObject)) {
      throw unreadable('that is no list of messages');
    }
    return messages;
  }
}

/** Of a large frame. */
function isOneMessage(bytes: Buffer, start: number): boolean {
  return bytes[start] === ARRAY_32 && bytes.readUInt32BE(start + 1) === 1;
}

type LargeMessage = object & { readonly data: Buffer | Pieces };

function endsWithLargeData(message: object): message is LargeMessage {
  const { data } = message as { readonly data?: unknown };
  if (!(Buffer.isBuffer(data) || data instanceof Pieces) || data.length < LARGE_FRAME) return false;
  return Object.keys(message).at(-1) === 'data';
}

/** The message as the other side gets it: what came in pieces is one there. */
export function withoutPieces(message: object): object {
  const { data } = message as { readonly data?: unknown };
  return data instanceof Pieces ? { ...message, data: data.joined() } : message;
}

function bufferOf(bytes: Uint8Array): Buffer {
  if (Buffer.isBuffer(bytes)) return bytes;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function unreadable(which: string, cause?: unknown): PilotError {
  return new PilotError('PROTOCOL_MISMATCH', `the other side sent a frame ${which}`, {
    hint: 'check that both sides run the same version',
    cause,
  });
}
