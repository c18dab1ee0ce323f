/**
 * Puts results of calls on the link, in parts and only so many at a time: what else has to be said,
 * and pulses before all, passes between them. Map units take turns, the results of each stay in order.
 */
import { type AgentCallMessage, partBytes } from '../protocol/call-messages.ts';
import type { OnChannel } from '../protocol/transfer-messages.ts';
import type { BatchResult } from '../workers/call-run.ts';
import { boundedProblems } from './call-problems.ts';

/** Results wait here while the link holds so much: less than files may fill it with, or files would never get their turn. */
const LINK_BYTES = 512 * 1024;

/** Whose results they are. */
export interface ResultSource {
  readonly service: { readonly channel: number | undefined };
  readonly unit: number;
  readonly attempt: number;
}

/** The way to the manager. */
export interface ResultLink {
  /** Bytes that wait to be written. */
  readonly buffered: number;
  readonly isNear?: boolean;
  send(message: OnChannel<AgentCallMessage>): void;
}

/** One that is to be sent, from `at` on. */
interface Waiting {
  readonly result: BatchResult;
  readonly isFolded: boolean;
  at: number;
}

/** The results that wait for the link. Those who want them again after it was lost have to add them again. */
export class ResultQueue {
  readonly #link: ResultLink;
  /** In the order of their turns; none is empty. */
  readonly #waiting = new Map<ResultSource, Waiting[]>();

  constructor(link: ResultLink) {
    this.#link = link;
  }

  add(source: ResultSource, result: BatchResult, isFolded: boolean): void {
    const waiting = { result, isFolded, at: 0 };
    const before = this.#waiting.get(source);
    if (before === undefined) this.#waiting.set(source, [waiting]);
    else before.push(waiting);
    this.drain();
  }

  /** Sends what the link can take now. */
  drain(): void {
    while (this.#link.buffered < LINK_BYTES) {
      const [turn] = this.#waiting;
      if (turn === undefined) return;
      const [source, results] = turn;
      // To the end of the row, if it has anything left.
      this.#waiting.delete(source);
      if (this.#sendPart(source, results[0] as Waiting)) results.shift();
      if (results.length > 0) this.#waiting.set(source, results);
    }
  }

  /** Nobody wants these any more. */
  forget(source: ResultSource): void {
    this.#waiting.delete(source);
  }

  /** The link is gone. */
  clear(): void {
    this.#waiting.clear();
  }

  /** @returns whether it was the last one of the result */
  #sendPart({ service, unit, attempt }: ResultSource, waiting: Waiting): boolean {
    const { channel } = service;
    // It is added again when there is one.
    if (channel === undefined) return true;
    const { result, isFolded, at } = waiting;
    const { batch, first, count, ms, isLast, problems, isFoldLost, data } = result;
    const end = Math.min(data.length, at + partBytes(this.#link));
    const isComplete = end === data.length;
    waiting.at = end;
    this.#link.send({
      channel,
      type: 'results',
      unit,
      attempt,
      batch,
      first,
      count,
      ms,
      isLast,
      ...(isComplete && problems.length > 0 && { problems: boundedProblems(problems) }),
      ...(isFolded && { isFolded }),
      ...(isFoldLost && { isFoldLost }),
      at,
      size: data.length,
      // As a Buffer, and at the end: so it is not copied.
      data: Buffer.from(data.buffer, data.byteOffset + at, end - at),
    });
    return isComplete;
  }
}
