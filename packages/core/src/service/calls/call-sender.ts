/**
 * Sends to one agent, in order, what is about calls: what is large in parts, and never more ahead than
 * its link takes, so that nothing else on the link waits long.
 */
import { type ManagerCallMessage, type Part, partBytes } from '../../protocol/call-messages.ts';
import type { Bytes } from '../../runtime/pieces.ts';
import type { SentCallMessage } from '../base/work-client.ts';

/** With so much waiting in a link no more is added to it. */
const LINK_BYTES = 1024 * 1024;

/** The way to an agent. */
export interface CallPort {
  readonly agentId: string;
  readonly connected: boolean;
  readonly buffered: number;
  readonly isNear?: boolean;
  channelOf(serviceId: string): number;
  send(message: SentCallMessage): void;
}

/** Each of the messages without the part of something larger that it carries. */
type WithoutPart<Message> = Message extends unknown ? Omit<Message, keyof Part> : never;

/** What is said of something large, whichever part of it comes. */
export type PartHead = WithoutPart<Extract<ManagerCallMessage, Part>>;
/** What has no part of anything. */
export type PlainCallMessage = Exclude<ManagerCallMessage, Part>;

interface Parcel {
  readonly head: PartHead;
  readonly data: Bytes;
  at: number;
}

/** The way to one agent, as long as its link lasts. */
export class CallSender {
  readonly port: CallPort;
  readonly #service: string;
  #waiting: (Parcel | PlainCallMessage)[] = [];

  constructor(port: CallPort, service: string) {
    this.port = port;
    this.#service = service;
  }

  /** Dropped where there is no link. */
  send(message: PlainCallMessage): void {
    this.#add(message);
  }

  /** The same of what is large. */
  sendParts(head: PartHead, data: Bytes): void {
    this.#add({ head, data, at: 0 });
  }

  #add(waiting: Parcel | PlainCallMessage): void {
    if (!this.port.connected) return;
    this.#waiting.push(waiting);
    if (this.#waiting.length === 1) this.drained();
  }

  /** The link takes more. */
  drained(): void {
    const { port } = this;
    const channel = port.channelOf(this.#service);
    let next = 0;
    for (; next < this.#waiting.length && port.buffered < LINK_BYTES; next++) {
      const waiting = this.#waiting[next] as Parcel | PlainCallMessage;
      if ('type' in waiting) port.send({ channel, ...waiting });
      else if (!this.#sendParts(waiting, channel)) break;
    }
    this.#waiting = this.#waiting.slice(next);
  }

  /** Whether all of it is on its way. */
  #sendParts(parcel: Parcel, channel: number): boolean {
    const { head, data } = parcel;
    do {
      const part = data.subarray(parcel.at, parcel.at + partBytes(this.port));
      this.port.send({ channel, ...head, at: parcel.at, size: data.length, data: part });
      parcel.at += part.length;
    } while (parcel.at < data.length && this.port.buffered < LINK_BYTES);
    return parcel.at >= data.length;
  }
}
