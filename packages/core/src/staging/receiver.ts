/** Receives transfers from one link, each into a place of its own. */
import {
  type ChunkMessage,
  type CreditMessage,
  type PackMessage,
  PIECE,
} from '../protocol/transfer-messages.ts';
import { type Arrival, Incoming } from './incoming.ts';
import { sha256, sha256OfChunk } from './pack.ts';

/** Credit is given in such portions: a message for each chunk would be one for every half MiB. */
const CREDIT_BYTES = 1024 * 1024;

/** The way in of one link. */
export class Receiver {
  readonly #credit: (message: CreditMessage) => void;
  readonly #incoming = new Map<number, Incoming>();

  constructor(credit: (message: CreditMessage) => void) {
    this.#credit = credit;
  }

  /** Makes that transfer at a path, at which there is nothing, and tells what has become of it. */
  expect(
    transfer: number,
    path: string,
    over: (arrival: Arrival) => void,
    progress?: (bytes: number, size: number) => void,
  ): void {
    let written = 0;
    const incoming = new Incoming(path, {
      written: (bytes) => {
        written += bytes;
        if (written < CREDIT_BYTES) return;
        this.#credit({ type: 'credit', transfer, bytes: written });
        written = 0;
      },
      over: (arrival) => {
        this.#incoming.delete(transfer);
        over(arrival);
      },
      ...(progress && { progress }),
    });
    this.#incoming.set(transfer, incoming);
  }

  /** Takes a message of the other side in; what is about transfers that nobody expects is passed over. */
  receive(message: PackMessage | ChunkMessage): void {
    if (message.type === 'chunk') this.#chunk(message);
    else this.#pack(message);
  }

  /** Nobody wants it any more. */
  drop(transfer: number): void {
    this.#incoming.get(transfer)?.abandon();
    this.#incoming.delete(transfer);
  }

  /** The link is over: what is not complete is removed. */
  close(): void {
    for (const incoming of this.#incoming.values()) incoming.abandon();
    this.#incoming.clear();
  }

  #chunk({ transfer, at, data, sha256: expected }: ChunkMessage): void {
    const incoming = this.#incoming.get(transfer);
    if (incoming === undefined) return;
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.length);
    const isWhole = sha256OfChunk(bytes).then((sum) => sum.equals(expected));
    incoming.takeChunk(at, bytes, isWhole);
  }

  #pack({ transfers, kinds, modes, sizes, names, data, sha256: expected }: PackMessage): void {
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.length);
    const isWhole = sha256(bytes).equals(expected);
    let at = 0;
    for (let row = 0; row < transfers.length; row++) {
      const kind = kinds[row] as number;
      const size = sizes[row] as number;
      const length = kind === PIECE.large ? 0 : size;
      const incoming = this.#incoming.get(transfers[row] as number);
      const isThere = isWhole && length >= 0 && at + length <= bytes.length;
      if (!isThere) incoming?.damage();
      else {
        const piece = bytes.subarray(at, at + length);
        const name = names?.[row] ?? '';
        incoming?.take({ kind, name, mode: modes[row] as number, size, data: piece });
        at += length;
      }
    }
  }
}
