/**
 * Sends transfers over one link: small files in packs, large ones in chunks beside them, no more at a
 * time than the link and the other side take. Knows units no more than the link does.
 */
import { type FileHandle, open } from 'node:fs/promises';
import {
  type ChunkMessage,
  PACK_BYTES,
  type PackMessage,
  WINDOW_BYTES,
} from '../protocol/transfer-messages.ts';
import type { Budget } from './budget.ts';
import { Pack, sha256OfChunk } from './pack.ts';
import { problemOf } from './problems.ts';
import { changed, type LargeFile, type Source } from './source.ts';
import { isAsBefore } from './stamps.ts';

/** Where a sender sends. */
export interface SenderPort {
  /** Bytes that wait to be written. */
  readonly buffered: number;
  /** Large `data` is the sender's again when `sent` is called. */
  send(message: PackMessage | ChunkMessage, sent?: () => void): void;
}

/** A transfer that has large files, until it is over. */
interface Flow {
  readonly source: Source;
  /** How many more bytes the other side has said that it takes. */
  window: number;
  isDropped: boolean;
  wake: () => void;
}

/** The way out of one link. */
export class Sender {
  readonly #port: SenderPort;
  readonly #budget: Budget;
  readonly #pack = new Pack();
  /** From `#next` on: whose turn is to come. */
  #queue: Source[] = [];
  #next = 0;
  readonly #flows = new Map<number, Flow>();
  #isDue = false;
  #isClosed = false;

  constructor(port: SenderPort, budget: Budget) {
    this.#port = port;
    this.#budget = budget;
    budget.enter();
  }

  /** Sends all of that, in its turn. */
  add(source: Source): void {
    this.#queue.push(source);
    this.#later();
  }

  /** Nobody wants it any more. */
  drop(transfer: number): void {
    const at = this.#queue.findIndex((source) => source.transfer === transfer);
    if (at >= this.#next) this.#queue.splice(at, 1);
    const flow = this.#flows.get(transfer);
    if (flow === undefined) return;
    this.#flows.delete(transfer);
    flow.isDropped = true;
    flow.wake();
  }

  /** The other side has written so much. */
  credit(transfer: number, bytes: number): void {
    const flow = this.#flows.get(transfer);
    if (flow === undefined) return;
    flow.window += bytes;
    flow.wake();
  }

  /** The link takes more. */
  drained(): void {
    for (const flow of this.#flows.values()) flow.wake();
    if (this.#next < this.#queue.length) this.#later();
  }

  /** The link is over. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#budget.leave();
    this.#queue = [];
    this.#next = 0;
    for (const flow of this.#flows.values()) {
      flow.isDropped = true;
      flow.wake();
    }
  }

  get #isLinkFull(): boolean {
    return this.#port.buffered >= this.#budget.linkBytes;
  }

  /** One pack in a turn of the event loop, so that everybody else has theirs. */
  #later(): void {
    if (this.#isDue || this.#isClosed) return;
    this.#isDue = true;
    setImmediate(() => {
      this.#isDue = false;
      if (!this.#isClosed) this.#step();
    });
  }

  #step(): void {
    if (this.#isLinkFull) return;
    while (this.#next < this.#queue.length) {
      const source = this.#queue[this.#next] as Source;
      const filled = source.fill(this.#pack);
      if (filled === 'full') break;
      this.#next += 1;
      if (filled === 'large') void this.#sendLarge(source);
      else this.#flows.delete(source.transfer);
    }
    this.#flush();
    if (this.#next < this.#queue.length) this.#later();
    else {
      this.#queue = [];
      this.#next = 0;
    }
  }

  #flush(): void {
    if (this.#pack.rows > 0) this.#port.send(this.#pack.take());
  }

  async #sendLarge(source: Source): Promise<void> {
    const flow = this.#flows.get(source.transfer) ?? newFlow(source);
    this.#flows.set(source.transfer, flow);
    const release = await this.#budget.slot();
    const { path } = source.large as LargeFile;
    try {
      if (!flow.isDropped) await this.#stream(flow, source.large as LargeFile);
      if (!flow.isDropped) this.#goOn(source);
    } catch (error) {
      if (flow.isDropped) return;
      this.#flows.delete(source.transfer);
      source.fail(this.#pack, { ...problemOf(error, 'read', path), isMissing: false });
      this.#flush();
    } finally {
      release();
    }
  }

  /** What comes behind its large file comes next. */
  #goOn(source: Source): void {
    if (this.#next > 0) this.#queue[--this.#next] = source;
    else this.#queue.unshift(source);
    this.#later();
  }

  async #stream(flow: Flow, { path, flags, stats }: LargeFile): Promise<void> {
    const file = await open(path, flags);
    try {
      if (!isAsBefore(await file.stat(), stats)) throw changed(path);
      await this.#sendChunks(flow, file, path, stats.size);
      if (!isAsBefore(await file.stat(), stats)) throw changed(path);
    } finally {
      await file.close();
    }
  }

  /** The next chunk is read and summed up while this one is sent. */
  async #sendChunks(flow: Flow, file: FileHandle, path: string, size: number): Promise<void> {
    const { transfer } = flow.source;
    // Read into again once what was in them has been sent.
    const spare: Buffer<ArrayBuffer>[] = [];
    const read = async (at: number) => {
      const buffer = spare.pop() ?? Buffer.allocUnsafeSlow(PACK_BYTES);
      const { bytesRead } = await file.read(buffer, 0, Math.min(PACK_BYTES, size - at), at);
      if (bytesRead === 0) throw changed(path);
      const data = buffer.subarray(0, bytesRead);
      return { buffer, data, sha256: await sha256OfChunk(data) };
    };
    let coming = read(0);
    for (let at = 0; at < size; ) {
      const { buffer, data, sha256 } = await coming;
      const begin = at;
      at += data.length;
      if (at < size) coming = read(at);
      // What is wrong with it is heard when its turn comes: until then nobody else listens.
      coming.catch(() => {});
      // Asked again after each wait: what others have sent meanwhile is in the link.
      while (!this.#takes(flow, data.length)) {
        await new Promise<void>((resolve) => {
          flow.wake = resolve;
        });
      }
      if (flow.isDropped) {
        await coming;
        return;
      }
      flow.window -= data.length;
      // The data last: from there it is not copied.
      const chunk = { type: 'chunk', transfer, at: begin, sha256, data } as const;
      this.#port.send(chunk, () => void spare.push(buffer));
      flow.source.passed(at, size);
    }
  }

  /** Whether the other side and the link take so much now. */
  #takes(flow: Flow, bytes: number): boolean {
    return flow.isDropped || (flow.window >= bytes && !this.#isLinkFull);
  }
}

function newFlow(source: Source): Flow {
  return { source, window: WINDOW_BYTES, isDropped: false, wake: () => {} };
}
