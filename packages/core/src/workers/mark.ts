/**
 * Where a worker is, in a file that it shares with its agent. However the worker ends, the agent knows which
 * call was under way; and during a call it knows whether the call would hear that it is canceled. A message
 * would cost both of them 10 µs and more; a mark costs the worker 1.2 µs (Node 20.20), and the agent nothing
 * until it wants to know.
 */
import { readSync, writeSync } from 'node:fs';

/** Calls that take longer than this on average are marked one by one, which costs a twentieth of their time. */
const SLOW_MS = 0.025;
/** Otherwise there is one mark for at most so many calls, or so many milliseconds. */
const MOST_CALLS = 64;
const LONGEST_MS = 0.1;
const BYTES = 16;

/** What a mark says: that one of `span` calls from `call` on of a piece has begun. */
export interface Mark {
  readonly piece: number;
  readonly call: number;
  readonly span: number;
  /** Some call of the run has asked for its signal: what cancels it is heard. */
  readonly isHeard: boolean;
}

/** The worker's side. */
export class MarkWriter {
  readonly #fd: number;
  readonly #bytes = Buffer.alloc(BYTES);
  #nextCall = 0;
  #nextAt = 0;
  #isEach = true;
  #mean = Number.POSITIVE_INFINITY;

  constructor(fd: number) {
    this.#fd = fd;
  }

  /** A piece has come. */
  begin(piece: number, call: number): void {
    this.#bytes.writeUInt32LE(piece, 0);
    this.#write(call, 1);
    this.#nextCall = call;
    this.#nextAt = 0;
  }

  /** A call is about to begin, at this time. */
  put(call: number, now: number): void {
    if (call < this.#nextCall && now < this.#nextAt) return;
    this.#write(call, this.#isEach ? 1 : MOST_CALLS);
    this.#nextCall = this.#isEach ? call + 1 : call + MOST_CALLS;
    this.#nextAt = now + LONGEST_MS;
  }

  /** So many calls took so long together. */
  learn(calls: number, ms: number): void {
    const mean = ms / calls;
    // A single slow one must not hide behind many that were quick.
    this.#mean = this.#mean === Number.POSITIVE_INFINITY ? mean : (this.#mean + mean) / 2;
    this.#isEach = this.#mean >= SLOW_MS;
  }

  /** It is this call, and no other. */
  exactly(call: number): void {
    this.#write(call, 1);
    this.#nextCall = 0;
  }

  /** Whether what cancels the run is heard. */
  hears(isHeard: boolean): void {
    if (this.#bytes.readUInt32LE(12) === Number(isHeard)) return;
    this.#bytes.writeUInt32LE(Number(isHeard), 12);
    writeSync(this.#fd, this.#bytes, 0, BYTES, 0);
  }

  #write(call: number, span: number): void {
    this.#bytes.writeUInt32LE(call, 4);
    this.#bytes.writeUInt32LE(span, 8);
    writeSync(this.#fd, this.#bytes, 0, BYTES, 0);
  }
}

const scratch = Buffer.alloc(BYTES);

/** The agent's side; undefined before the first mark. */
export function readMark(fd: number): Mark | undefined {
  if (readSync(fd, scratch, 0, BYTES, 0) < BYTES) return undefined;
  return {
    piece: scratch.readUInt32LE(0),
    call: scratch.readUInt32LE(4),
    span: scratch.readUInt32LE(8),
    isHeard: scratch.readUInt32LE(12) !== 0,
  };
}
