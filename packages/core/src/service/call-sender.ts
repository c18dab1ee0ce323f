/**
 * Sends to one agent, in order, what is about calls: what is large in parts, and never more ahead than
 * its link takes, so that nothing else on the link waits long.
 */
import { type ManagerCallMessage, type Part, partBytes } from '../protocol/call-messages.ts';
import type { OnChannel } from '../protocol/transfer-messages.ts';
import type { Bytes } from '../runtime/pieces.ts';

/** With so much waiting in a link no more is added to it. */
const LINK_BYTES = 1024 * 1024;

/** The way to an agent. */
export interface CallPort {
  readonly agentId: string;
  readonly connected: boolean;
  readonly buffered: number;
  readonly isNear?: boolean;
  channelOf(serviceId: string): number;
  send(message: OnChannel<ManagerCallMessage>): void;
}

/** Each of the messages without the part of something larger that it carries. */
type WithoutPart<Message> = Message extends unknown ? Omit<Message, keyof Part> : never;

/** What is said of something large, whichever part of it comes. */
export type CallHead = WithoutPart<ManagerCallMessage>;

interface Parcel {
  readonly head: CallHead;
  readonly data?: Bytes;
  at: number;
}

/** The way to one agent, as long as its link lasts. */
export class CallSender {
  readonly port: CallPort;
  readonly #service: string;
  #waiting: Parcel[] = [];

  constructor(port: CallPort, service: string) {
    this.port = port;
    this.#service = service;
  }

  /** Dropped where there is no link. */
  send(head: CallHead, data?: Bytes): void {
    if (!this.port.connected) return;
    this.#waiting.push({ head, at: 0, ...(data && { data }) });
    if (this.#waiting.length === 1) this.drained();
  }

  /** The link takes more. */
  drained(): void {
    let next = 0;
    for (; next < this.#waiting.length && this.port.buffered < LINK_BYTES; next++) {
      if (!this.#sendParts(this.#waiting[next] as Parcel)) break;
    }
    this.#waiting = this.#waiting.slice(next);
  }

  /** Whether all of it is on its way. */
  #sendParts(parcel: Parcel): boolean {
    const { head, data } = parcel;
    const channel = this.port.channelOf(this.#service);
    if (data === undefined) {
      this.port.send({ channel, ...head } as OnChannel<ManagerCallMessage>);
      return true;
    }
    do {
      const part = data.subarray(parcel.at, parcel.at + partBytes(this.port));
      const place = { at: parcel.at, size: data.length, data: part };
      this.port.send({ channel, ...head, ...place } as OnChannel<ManagerCallMessage>);
      parcel.at += part.length;
    } while (parcel.at < data.length && this.port.buffered < LINK_BYTES);
    return parcel.at >= data.length;
  }
}
