/**
 * Messages between an agent and its workers: a head in JSON, and bytes that are opaque and are not
 * copied on their way out. Both ends are of one version: nothing is negotiated.
 */
import type { Socket } from 'node:net';
import { giveBack } from '../runtime/give-back.ts';

/** Before each message: how long its head is, and its bytes. */
const PREFIX = 8;
/** Fewer bytes are copied beside their head: one buffer is written sooner than two. */
const SMALL_BYTES = 4096;
const NO_BYTES = Buffer.alloc(0);

/** One end of a connected socket, which it takes over. */
export class FrameSocket<Received extends object, Sent extends object> {
  readonly #socket: Socket;
  readonly #received: (head: Received, body: Buffer) => void;
  /** The beginning of a message that has not come as a whole: its buffer, once it is known how long it is. */
  #rest: Buffer = NO_BYTES;
  #filled = -1;

  constructor(
    socket: Socket,
    received: (head: Received, body: Buffer) => void,
    closed: () => void,
  ) {
    this.#socket = socket;
    this.#received = received;
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('error', () => socket.destroy());
    socket.on('close', closed);
  }

  /** Bytes that the other end has not taken. */
  get backlog(): number {
    return this.#socket.writableLength;
  }

  /** Written before it returns, as far as the other end takes it; `body` must not be changed any more. */
  send(head: Sent, body: Uint8Array = NO_BYTES): void {
    if (!this.#socket.writable) return;
    const text = JSON.stringify(head);
    const length = Buffer.byteLength(text);
    const isSmall = body.length <= SMALL_BYTES;
    const frame = Buffer.allocUnsafe(PREFIX + length + (isSmall ? body.length : 0));
    frame.writeUInt32LE(length, 0);
    frame.writeUInt32LE(body.length, 4);
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
    const size = PREFIX + prefix.readUInt32LE(0) + prefix.readUInt32LE(4);
    if (!isCut && at + size <= chunk.length) {
      this.#take(chunk.subarray(at, at + size));
      return at + size;
    }
    this.#rest = Buffer.allocUnsafeSlow(size);
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

  #take(frame: Buffer): void {
    const bodyAt = PREFIX + frame.readUInt32LE(0);
    const head = JSON.parse(frame.toString('utf8', PREFIX, bodyAt)) as Received;
    this.#received(head, frame.subarray(bodyAt));
  }
}
