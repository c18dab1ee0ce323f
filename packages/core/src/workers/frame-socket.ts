/**
 * Messages between an agent and its workers: a head in JSON, and bytes that are opaque and are not
 * copied on their way out. Both ends are of one version: nothing is negotiated. But what comes is not
 * trusted: in a worker there is code of others, which can write to any descriptor of its process.
 */
import type { Socket } from 'node:net';
import { printable } from '../model/printable.ts';
import { giveBack } from '../runtime/give-back.ts';
import { jsonOf, parseJson } from './plain-json.ts';

/** Before each message: that it is one, how long its head is, and its bytes. */
const PREFIX = 12;
/** Begins a message. No text does, nor what is filled with one byte. */
const BEGINNING = 0xc3a1f50d;
const HEAD_AT = 4;
const BODY_AT = 8;
/** No head is longer: a batch has 16,384 calls at most, and of each a problem may be told in some words. */
const LONGEST_HEAD = 512 * 1024 * 1024;
/** So much is shown of what is no message. */
const SHOWN_BYTES = 40;
/** Fewer bytes are copied beside their head: one buffer is written sooner than two. */
const SMALL_BYTES = 4096;
const NO_BYTES = Buffer.alloc(0);

/** Who is told of what comes by a connection. */
export interface FrameUser<Received extends object> {
  /**
   * The head of a message, checked.
   *
   * @throws Error for what can be none
   */
  read(head: unknown): Received;
  received(head: Received, body: Buffer): void;
  /** What has come is no message, as this says: the connection is given up. */
  broken?(problem: string): void;
  /** The last that is heard. */
  closed(): void;
}

/** One end of a connected socket, which it takes over. */
export class FrameSocket<Received extends object, Sent extends object> {
  readonly #socket: Socket;
  readonly #user: FrameUser<Received>;
  /** The beginning of a message that has not come as a whole: its buffer, once it is known how long it is. */
  #rest: Buffer = NO_BYTES;
  #filled = -1;

  constructor(socket: Socket, user: FrameUser<Received>) {
    this.#socket = socket;
    this.#user = user;
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => user.closed());
  }

  /** Bytes that the other end has not taken. */
  get backlog(): number {
    return this.#socket.writableLength;
  }

  /** Written before it returns, as far as the other end takes it; `body` must not be changed any more. */
  send(head: Sent, body: Uint8Array = NO_BYTES): void {
    if (!this.#socket.writable) return;
    const text = jsonOf(head);
    const length = Buffer.byteLength(text);
    const isSmall = body.length <= SMALL_BYTES;
    const frame = Buffer.allocUnsafe(PREFIX + length + (isSmall ? body.length : 0));
    frame.writeUInt32LE(BEGINNING, 0);
    frame.writeUInt32LE(length, HEAD_AT);
    frame.writeUInt32LE(body.length, BODY_AT);
    frame.write(text, PREFIX);
    if (isSmall) {
      frame.set(body, PREFIX + length);
      this.#socket.write(frame);
      return;
    }
    this.#socket.cork();
    this.#socket.write(frame);
    this.#socket.write(body);
    this.#socket.uncork();
  }

  /** Settles when the other end has taken all, or is gone. */
  drained(): Promise<void> {
    const socket = this.#socket;
    return new Promise((done) => {
      if (socket.writableLength === 0 || socket.destroyed) return done();
      // An empty write comes after all others.
      socket.write(NO_BYTES, () => done());
    });
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    let at = 0;
    let isShown = false;
    while (at < chunk.length && !this.#socket.destroyed) {
      const isBeginning = this.#filled < 0;
      at = isBeginning ? this.#begin(chunk, at) : this.#fill(chunk, at);
      // A message that was in there as a whole is still where it was.
      isShown ||= isBeginning && this.#filled < 0;
    }
    if (!isShown) giveBack(chunk);
  }

  /** Of a message that is in one chunk nothing is copied. */
  #begin(chunk: Buffer, at: number): number {
    if (this.#rest.length + chunk.length - at < PREFIX) {
      this.#rest = Buffer.concat([this.#rest, chunk.subarray(at)]);
      return chunk.length;
    }
    const missing = PREFIX - this.#rest.length;
    const isCut = this.#rest.length > 0;
    const prefix = isCut
      ? Buffer.concat([this.#rest, chunk.subarray(at, at + missing)])
      : chunk.subarray(at, at + PREFIX);
    const headSize = prefix.readUInt32LE(HEAD_AT);
    if (prefix.readUInt32LE(0) !== BEGINNING || headSize > LONGEST_HEAD) {
      this.#break(
        'bytes that begin no message',
        Buffer.concat([prefix, chunk.subarray(at + missing)]),
      );
      return chunk.length;
    }
    const size = PREFIX + headSize + prefix.readUInt32LE(BODY_AT);
    if (!isCut && at + size <= chunk.length) {
      this.#take(chunk.subarray(at, at + size));
      return at + size;
    }
    try {
      this.#rest = Buffer.allocUnsafeSlow(size);
    } catch {
      this.#break(`a message of ${size} bytes, for which there is no memory`);
      return chunk.length;
    }
    this.#filled = prefix.copy(this.#rest);
    return at + missing;
  }

  #fill(chunk: Buffer, at: number): number {
    const copied = chunk.copy(this.#rest, this.#filled, at);
    this.#filled += copied;
    if (this.#filled === this.#rest.length) {
      const frame = this.#rest;
      this.#rest = NO_BYTES;
      this.#filled = -1;
      this.#take(frame);
    }
    return at + copied;
  }

  /** What is done with a message is not guarded: what is thrown there is a defect of ours. */
  #take(frame: Buffer): void {
    const bodyAt = PREFIX + frame.readUInt32LE(HEAD_AT);
    let head: Received;
    try {
      head = this.#user.read(parseJson(frame.toString('utf8', PREFIX, bodyAt)));
    } catch (error) {
      const problem = error instanceof SyntaxError ? 'a message that is no JSON' : `${error}`;
      this.#break(problem.replace(/^Error: /, ''), frame.subarray(PREFIX, bodyAt));
      return;
    }
    this.#user.received(head, frame.subarray(bodyAt));
  }

  #break(problem: string, bytes?: Buffer): void {
    this.#socket.destroy();
    const shown =
      bytes && printable(bytes.toString('latin1', 0, SHOWN_BYTES)).replaceAll('\n', '\\n');
    this.#user.broken?.(shown === undefined ? problem : `${problem} ('${shown}')`);
  }
}
