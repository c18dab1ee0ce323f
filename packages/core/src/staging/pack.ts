/** Gathers small pieces of many transfers into one message. */
import { hash, subtle } from 'node:crypto';
import { availableParallelism } from 'node:os';
import {
  PACK_ROWS,
  type PackMessage,
  PIECE,
  type PieceKind,
  type TransferProblem,
} from '../protocol/transfer-messages.ts';

/** A pack is filled in one turn of the event loop, which is not to be a long one. */
const FILL_BYTES = 256 * 1024;

/** The SHA-256 of some bytes. */
export function sha256(data: Uint8Array): Buffer {
  return hash('sha256', data, 'buffer');
}

/** Whether a core is left for hashing beside this thread and the programs that its bytes come from or go to. */
const HAS_CORE_TO_SPARE = availableParallelism() > 2;

/**
 * As {@link sha256}, of a chunk of a large file: by a thread of the pool where there is a core for it. The
 * thread copies the data, overwrites the copy and has to be woken up: that is 0.84 s of processor time for
 * 1 GiB, 0.14 of it in our own thread, instead of 0.6, all of it in ours. Without a free core a file takes a
 * seventh longer that way.
 */
export async function sha256OfChunk(
  data: Uint8Array,
  isBeside = HAS_CORE_TO_SPARE,
): Promise<Buffer> {
  if (!isBeside) return sha256(data);
  return Buffer.from(await subtle.digest('SHA-256', data as Uint8Array<ArrayBuffer>));
}

/** A pack that is being filled; it is used again and again. */
export class Pack {
  readonly #data = Buffer.allocUnsafeSlow(FILL_BYTES);
  readonly #transfers = new Uint32Array(PACK_ROWS);
  readonly #kinds = new Uint8Array(PACK_ROWS);
  readonly #modes = new Uint16Array(PACK_ROWS);
  readonly #sizes = new Float64Array(PACK_ROWS);
  #names: string[] = [];
  #hasNames = false;
  #rows = 0;
  #bytes = 0;

  get rows(): number {
    return this.#rows;
  }

  /** Whether no row fits any more. */
  get isFull(): boolean {
    return this.#rows === PACK_ROWS;
  }

  /** Where a file of that size may be read to, one byte more than it has; undefined: not in this pack. */
  room(size: number): Buffer | undefined {
    if (this.isFull || this.#bytes + size + 1 > FILL_BYTES) return undefined;
    return this.#data.subarray(this.#bytes, this.#bytes + size + 1);
  }

  /** A row whose data has been written where {@link room} said. */
  add(transfer: number, kind: PieceKind, name: string, mode: number, size: number): void {
    this.#put(transfer, kind, name, mode, size);
    this.#bytes += size;
  }

  /** A row of a large file, whose data follows in chunks. */
  large(transfer: number, name: string, mode: number, size: number): void {
    this.#put(transfer, PIECE.large, name, mode, size);
  }

  /** A row with a text as its data; false where it does not fit. */
  text(transfer: number, kind: PieceKind, name: string, text: string): boolean {
    const bytes = Buffer.byteLength(text);
    const room = this.room(bytes);
    if (room === undefined) return false;
    room.write(text);
    this.add(transfer, kind, name, 0, bytes);
    return true;
  }

  failed(transfer: number, problem: TransferProblem): boolean {
    return this.text(transfer, PIECE.failed, '', JSON.stringify(problem));
  }

  /** What has been gathered, as a message that is to be sent before the next call. */
  take(): PackMessage {
    const rows = this.#rows;
    const data = this.#data.subarray(0, this.#bytes);
    const message: PackMessage = {
      type: 'pack',
      transfers: this.#transfers.slice(0, rows),
      kinds: this.#kinds.slice(0, rows),
      modes: this.#modes.slice(0, rows),
      sizes: this.#sizes.slice(0, rows),
      ...(this.#hasNames && { names: this.#names }),
      // Not last, so that it is copied: the next rows are read to where it is.
      data,
      sha256: sha256(data),
    };
    this.#names = [];
    this.#hasNames = false;
    this.#rows = 0;
    this.#bytes = 0;
    return message;
  }

  #put(transfer: number, kind: PieceKind, name: string, mode: number, size: number): void {
    const row = this.#rows++;
    this.#transfers[row] = transfer;
    this.#kinds[row] = kind;
    this.#modes[row] = mode;
    this.#sizes[row] = size;
    this.#names.push(name);
    this.#hasNames ||= name !== '';
  }
}
