/**
 * A link over a connected stream. Knows frames and back-pressure, not how the stream came to be
 * connected or encrypted.
 */

import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { PilotError } from '../model/errors.ts';
import { systemClock, type Timer } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { FrameDecoder, FrameEncoder } from './frame-codec.ts';
import { type Link, LinkEmitter } from './link.ts';

/** How long a closing link waits for a peer that takes nothing more. */
const CLOSING_IDLE_MS = 10_000;

/** Takes a socket over for good: nobody else reads, writes or ends it from here on. */
export class SocketLink extends LinkEmitter implements Link {
  readonly peer: string;
  readonly isNear: boolean;
  readonly #socket: Duplex;
  readonly #log: Log;
  readonly #encoder: FrameEncoder;
  readonly #decoder = new FrameDecoder();
  #isOpen = true;
  #isFlushDue = false;
  #error: PilotError | undefined;
  #giveUp: Timer | undefined;

  constructor(socket: Duplex, peer: string, log: Log, isNear = false) {
    super();
    this.peer = peer;
    this.isNear = isNear;
    this.#socket = socket;
    this.#log = log;
    this.#encoder = new FrameEncoder(
      (part, sent) => socket.write(part, sent),
      // A stream that is none of the system's sockets may keep what it has taken.
      () => !(socket instanceof Socket) || socket.writableLength > 0,
    );
    if (socket instanceof Socket) socket.setNoDelay(true);
    // Paused before there is a reader: bytes stay in the socket until somebody listens.
    socket.pause();
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('drain', () => this.emit('drain'));
    socket.on('end', () => this.#ended());
    // A TLS socket does not end itself at an error after its handshake.
    socket.on('error', (cause) => this.#fail(this.#lost(cause.message, cause)));
    socket.on('close', () => {
      this.#isOpen = false;
      this.#giveUp?.cancel();
      this.emit('close', this.#error);
    });
  }

  get buffered(): number {
    return this.#encoder.size + this.#socket.writableLength;
  }

  send(message: object, sent?: () => void): void {
    if (!this.#isOpen) {
      this.#log.debug({ peer: this.peer }, 'a message for a closed link is dropped');
      return;
    }
    this.#encoder.add(message, sent);
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    // A microtask, not a timer: what is sent in this tick leaves before the next one begins.
    queueMicrotask(() => {
      this.#isFlushDue = false;
      if (this.#isOpen) this.#flush();
    });
  }

  /** A stream that has taken all of it at once does not drain, but whoever has seen it wait counts on that. */
  #flush(): void {
    const waited = this.#encoder.size;
    this.#encoder.flush();
    const { writableHighWaterMark, writableNeedDrain } = this.#socket;
    if (waited >= writableHighWaterMark && !writableNeedDrain) this.emit('drain');
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#encoder.flush();
    this.#socket.end();
    const giveUp = () =>
      this.#fail(this.#lost('the other side took nothing more while the link was closing'));
    if (this.#socket instanceof Socket) this.#socket.setTimeout(CLOSING_IDLE_MS, giveUp);
    else this.#giveUp = systemClock.after(CLOSING_IDLE_MS, giveUp);
    // Unread, the socket would never learn that the other side has closed as well.
    this.#socket.resume();
  }

  destroy(): void {
    this.#isOpen = false;
    this.#socket.destroy();
  }

  protected override listened(): void {
    this.#socket.resume();
  }

  #read(chunk: Buffer): void {
    this.#decoder.push(chunk);
    for (;;) {
      const messages = this.#nextMessages();
      if (!messages) return;
      for (const message of messages) {
        this.emit('message', message);
        if (this.#socket.destroyed) return;
      }
    }
  }

  /** Only the decoding is guarded: what a listener throws is a defect of its own. */
  #nextMessages(): object[] | undefined {
    try {
      return this.#decoder.next();
    } catch (error) {
      this.#fail(error as PilotError);
      return undefined;
    }
  }

  /** The other side sends nothing more: so do we, though not every stream would have to. */
  #ended(): void {
    this.#isOpen = false;
    this.#socket.end();
    if (this.#decoder.isWithinFrame) {
      this.#fail(this.#lost('the connection ended within a message'));
    }
  }

  #lost(problem: string, cause?: Error): PilotError {
    return new PilotError('CONNECTION_LOST', problem, { subject: this.peer, cause });
  }

  #fail(error: PilotError): void {
    this.#error ??= error;
    this.destroy();
  }
}
