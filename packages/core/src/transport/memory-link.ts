/**
 * Links within one process, for tests and simulation: the promises of a real link, kept without a
 * network, and broken on demand under a given clock and a given chance.
 */

import { Packr } from 'msgpackr';
import type { Clock } from '../runtime/clock.ts';
import { withoutPieces } from './frame-codec.ts';
import { type Link, LinkEmitter } from './link.ts';

/** How a pair of links is to misbehave, repeatably: the same clock and chance give the same run. */
export interface MemoryLinkOptions {
  readonly clock: Clock;
  readonly random: () => number;
  /** A message takes up to so many milliseconds; none overtakes another. */
  readonly delay?: number;
  /** The fraction of messages that never arrive. */
  readonly lose?: number;
  /** The fraction of those that arrive which do so twice. */
  readonly repeat?: number;
}

/** Once so many bytes have waited in a link, its sender is told when all have gone. */
const HIGH_WATER_BYTES = 16 * 1024;

/** Marks the end in a queue of messages. */
const END = Symbol('end');

// The codec of real links but without its memory of earlier messages, as some of them are lost.
const codec = new Packr({
  useRecords: false,
  variableMapSize: true,
  moreTypes: true,
  copyBuffers: true,
});

/** Two ends that are connected. Without options messages arrive, all and soon. */
export function memoryLinks(options?: MemoryLinkOptions): [Link, Link] {
  const near = new MemoryLink('memory:far', options);
  const far = new MemoryLink('memory:near', options);
  near.connect(far);
  far.connect(near);
  return [near, far];
}

class MemoryLink extends LinkEmitter implements Link {
  readonly peer: string;
  readonly isNear = false;
  readonly #options: MemoryLinkOptions | undefined;
  #other: MemoryLink = this;
  /** What is on its way to the other end, and how many items of it have arrived and wait for a listener. */
  #queue: (Buffer | typeof END)[] = [];
  #arrived = 0;
  #buffered = 0;
  #wantsDrain = false;
  #lastArrival = 0;
  #isListening = false;
  #isOpen = true;
  #hasEnded = false;
  #isOver = false;

  constructor(peer: string, options: MemoryLinkOptions | undefined) {
    super();
    this.peer = peer;
    this.#options = options;
  }

  connect(other: MemoryLink): void {
    this.#other = other;
  }

  get buffered(): number {
    return this.#buffered;
  }

  send(message: object, sent?: () => void): void {
    if (!this.#isOpen) return;
    const { random = () => 1, lose = 0, repeat = 0 } = this.#options ?? {};
    const bytes = codec.pack(withoutPieces(message));
    sent?.();
    if (random() < lose) return;
    this.#enqueue(bytes);
    if (random() < repeat) this.#enqueue(bytes);
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#enqueue(END);
    this.listened();
  }

  destroy(): void {
    for (const end of [this, this.#other]) {
      end.#isOpen = false;
      end.#queue = [];
      end.#buffered = 0;
      this.#later(() => end.#finish());
    }
  }

  protected override listened(): void {
    this.#isListening = true;
    this.#later(() => this.#other.#deliver());
  }

  #enqueue(item: Buffer | typeof END): void {
    this.#queue.push(item);
    this.#buffered += sizeOf(item);
    if (this.#buffered >= HIGH_WATER_BYTES) this.#wantsDrain = true;
    this.#later(() => {
      this.#arrived += 1;
      this.#deliver();
    }, this.#delay());
  }

  /** How long until an item that is sent now arrives: never before one that was sent earlier. */
  #delay(): number {
    if (!this.#options) return 0;
    const { clock, random, delay = 0 } = this.#options;
    const now = clock.monotonic();
    this.#lastArrival = Math.max(this.#lastArrival, now + random() * delay);
    return this.#lastArrival - now;
  }

  /** Hands over what has arrived, once somebody listens at the other end. */
  #deliver(): void {
    while (this.#arrived > 0 && this.#other.#isListening) {
      const item = this.#queue.shift();
      if (item === undefined) return;
      this.#arrived -= 1;
      this.#buffered -= sizeOf(item);
      if (item === END) this.#end();
      else this.#other.emit('message', codec.unpack(item) as object);
    }
    if (this.#wantsDrain && this.#buffered === 0) {
      this.#wantsDrain = false;
      this.emit('drain');
    }
  }

  /** Our end has been told; the other side answers with its own, after what it has sent. */
  #end(): void {
    this.#hasEnded = true;
    this.#other.close();
    if (!this.#other.#hasEnded) return;
    this.#finish();
    this.#other.#finish();
  }

  #finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.emit('close');
  }

  #later(call: () => void, ms = 0): void {
    if (this.#options) this.#options.clock.after(ms, call);
    else setImmediate(call);
  }
}

function sizeOf(item: Buffer | typeof END): number {
  return item === END ? 0 : item.length;
}
