/**
 * A disk in memory, with the journal's own encoding on it: frames of records, and snapshots. A write
 * takes its time; what a crash finds under way is there wholly, in part, or not at all.
 */
import { crc32 } from 'node:zlib';
import { Batch } from '../../packages/core/src/journal/batch.ts';
import { decodeAll, encode } from '../../packages/core/src/journal/codec.ts';
import {
  decodeFrameHeader,
  FRAME_HEADER_BYTES,
  frameCheck,
} from '../../packages/core/src/journal/record-format.ts';
import { PilotError } from '../../packages/core/src/model/errors.ts';
import type { Clock } from '../../packages/core/src/runtime/clock.ts';
import type { ConductorJournal } from '../../packages/core/src/service/base/conductor.ts';
import type { Random } from './random.ts';

const SALT = 17;

interface Snapshot {
  readonly state: Uint8Array;
  /** How many frames it stands for. */
  readonly frames: number;
}

/** What is there after a crash. All frames are kept, for those who check. */
export class SimulatedDisk {
  readonly #frames: Uint8Array[] = [];
  /** No room for what is more than a report. */
  isFull = false;
  #torn: Uint8Array | undefined;
  #snapshot: Snapshot | undefined;

  get frameCount(): number {
    return this.#frames.length;
  }

  write(frame: Uint8Array): void {
    this.#frames.push(frame);
  }

  tear(part: Uint8Array): void {
    this.#torn = part;
  }

  replace(snapshot: Snapshot): void {
    this.#snapshot = snapshot;
  }

  /** The records of the frames from that one on. */
  records(from: number): unknown[] {
    return this.#frames.slice(from).flatMap((bytes, i) => {
      const payload = payloadOf(bytes, from + i + 1);
      if (payload === undefined) throw new Error(`frame ${from + i} cannot be read`);
      return decodeAll(payload).flat();
    });
  }

  /** What a manager finds when it opens its journal. */
  recover(): { snapshot: unknown; records: unknown[] } {
    if (this.#torn && payloadOf(this.#torn, this.#frames.length + 1)) {
      throw new Error('half a frame was taken for a whole one');
    }
    this.#torn = undefined;
    const { state, frames = 0 } = this.#snapshot ?? {};
    const snapshot = state && decodeAll(state)[0];
    return { snapshot, records: this.records(frames) };
  }
}

/** Something on its way to the disk. */
interface Write {
  /** Made when its turn comes: a state has gone on by then, and what a snapshot says of it must not. */
  readonly bytes: () => Uint8Array;
  /** Of a snapshot: how many frames it stands for. */
  readonly replaces?: number;
  done(): void;
}

export interface SimulatedJournalParts {
  readonly disk: SimulatedDisk;
  readonly clock: Clock;
  readonly random: Random;
  /** Called wherever the process may die. */
  point(): void;
}

/** The journal of one life of a manager. */
export class SimulatedJournal implements ConductorJournal {
  readonly snapshotBytes = 0;
  readonly #parts: SimulatedJournalParts;
  readonly #batch = new Batch();
  readonly #writes: Write[] = [];
  readonly #ahead = new WeakMap<object, Uint8Array>();
  /** Everything that was appended in this life, decoded anew. */
  readonly #appended: Uint8Array[] = [];
  readonly #slowestMs: number;
  #sequence: number;
  #last: Promise<void> = Promise.resolve();
  #failed: PilotError | undefined;

  constructor(parts: SimulatedJournalParts) {
    this.#parts = parts;
    this.#slowestMs = parts.random.pick([2, 8, 8, 400]);
    this.#sequence = parts.disk.frameCount;
  }

  get failed(): PilotError | undefined {
    return this.#failed;
  }

  /** Now and then the conductor is to think that a snapshot is worth it. */
  get bytesSinceSnapshot(): number {
    return this.#parts.random.chance(0.03) ? Number.POSITIVE_INFINITY : 0;
  }

  append(records: readonly unknown[]): void {
    for (const record of records) {
      const bytes = this.#ahead.get(record as object) ?? Uint8Array.from(encode([record]));
      this.#batch.add(bytes);
      this.#appended.push(bytes);
    }
    this.#parts.point();
  }

  encodeAhead(record: object): void {
    this.#ahead.set(record, Uint8Array.from(encode([record])));
    this.#parts.point();
  }

  async reserve(): Promise<void> {
    if (this.#parts.disk.isFull) throw new PilotError('STORE_FULL', 'the disk is full');
  }

  commit(): Promise<void> {
    this.#parts.point();
    this.#seal();
    return this.#last;
  }

  snapshot(parts: Iterable<unknown>): Promise<void> {
    this.#seal();
    const bytes = () => Uint8Array.from(encode([...parts]));
    return this.#enqueue({ bytes, replaces: this.#sequence });
  }

  /** All that this life has appended, as it would be read, durable or not. */
  appended(): unknown[] {
    return this.#appended.flatMap((bytes) => decodeAll(bytes).flat());
  }

  /** The process dies: of what is under way the disk may have got the beginning. */
  die(): void {
    this.#failed = new PilotError('SERVICE_CLOSED', 'the process is dead');
    const { disk, random } = this.#parts;
    const pending = this.#writes.splice(0);
    const written = random.between(0, pending.length);
    for (const write of pending.slice(0, written)) this.#land(write);
    const torn = pending[written];
    if (torn === undefined || torn.replaces !== undefined) return;
    const bytes = torn.bytes();
    disk.tear(bytes.slice(0, random.between(0, bytes.length - 1)));
  }

  #seal(): void {
    if (this.#batch.payloadBytes === 0) return;
    const bytes = Buffer.concat(this.#batch.seal(++this.#sequence, SALT, crc32));
    this.#batch.clear();
    this.#last = this.#enqueue({ bytes: () => bytes });
  }

  #enqueue(write: Omit<Write, 'done'>): Promise<void> {
    return new Promise((resolve) => {
      this.#writes.push({ ...write, done: resolve });
      if (this.#writes.length === 1) this.#writeNext();
    });
  }

  #writeNext(): void {
    const { clock, random } = this.#parts;
    clock.after(random.between(0, this.#slowestMs), () => {
      const write = this.#writes.shift();
      if (write === undefined) return;
      this.#land(write);
      this.#parts.point();
      if (this.#failed) return;
      write.done();
      if (this.#writes.length > 0) this.#writeNext();
    });
  }

  #land({ bytes, replaces }: Write): void {
    if (replaces === undefined) this.#parts.disk.write(bytes());
    else this.#parts.disk.replace({ state: bytes(), frames: replaces });
  }
}

/** What a frame holds, if it is whole and the one that should be there. */
function payloadOf(bytes: Uint8Array, sequence: number): Uint8Array | undefined {
  const header = decodeFrameHeader(bytes);
  const payload = bytes.subarray(FRAME_HEADER_BYTES);
  if (header?.sequence !== sequence || payload.length !== header.length) return undefined;
  return frameCheck(header, [payload], SALT, crc32) === header.check ? payload : undefined;
}
