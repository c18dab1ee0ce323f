/**
 * What a link is: an ordered stream of messages between two programs, whatever carries it. Knows
 * nothing of what the messages mean.
 */

import { EventEmitter } from 'eventemitter3';
import type { PilotError } from '../model/errors.ts';

/** What a link tells. */
export interface LinkEvents {
  /** A message has come, in the order in which it was sent; its parts are the receiver's own. */
  message(message: object): void;
  /**
   * The link is over, told exactly once. Without an error one of the two sides closed it, or the
   * other program ended: only what the messages said is known about the other side.
   */
  close(error?: PilotError): void;
  /** All that waited has been written, after there was so much of it that a sender should pause. */
  drain(): void;
}

/** One end of a connection. Messages that come before the first `message` listener wait for it. */
export interface Link extends Pick<EventEmitter<LinkEvents>, 'on' | 'once' | 'off'> {
  /** The other end, for people. */
  readonly peer: string;
  /** The other end is on this machine: what is large need not come in many parts, as it holds nobody up for long. */
  readonly isNear: boolean;
  /** Bytes that were sent and not yet written; a sender that can wait does so while it is large. */
  readonly buffered: number;
  /**
   * Sends a message as it is now: the caller may change it afterwards, except for large `data`, which may
   * be changed again once `sent` is called. Messages of one tick travel together. On a link that is closed it
   * is dropped, and `sent` may not be called.
   */
  send(message: object, sent?: () => void): void;
  /** Ends the link after all that was sent; what the other side sent until it noticed still comes. */
  close(): void;
  /** Ends the link at once: what was not yet written is lost, and nothing more comes. */
  destroy(): void;
}

/**
 * The emitting half of a link, which lets its subclass know when somebody listens: a message
 * emitted before would be lost between `await` and the first `on`.
 */
export abstract class LinkEmitter extends EventEmitter<LinkEvents> {
  /** Messages are listened for; called again for each further listener. */
  protected abstract listened(): void;

  override on<E extends keyof LinkEvents>(
    event: E,
    listener: EventEmitter.EventListener<LinkEvents, E>,
  ): this {
    super.on(event, listener);
    if (event === 'message') this.listened();
    return this;
  }

  override once<E extends keyof LinkEvents>(
    event: E,
    listener: EventEmitter.EventListener<LinkEvents, E>,
  ): this {
    super.once(event, listener);
    if (event === 'message') this.listened();
    return this;
  }
}
