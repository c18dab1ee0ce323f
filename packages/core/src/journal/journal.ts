/**
 * The durable log that everything rests on: records are appended, and are on disk once commit() has
 * settled; a snapshot stands for all records before it. Knows nothing of what records mean.
 *
 * What a crash can leave behind is at most one frame that was not acknowledged, at the very end: it
 * is cut off with a notice. Anything else that does not match its checksum is damage and is never
 * passed over.
 *
 * When a write fails all the same: on a full disk (which reserve() and the room ahead should keep
 * away, but copy-on-write file systems need room even to overwrite) the bytes are kept and tried
 * again until there is room; commit() waits. After any other failure nobody can know what is on
 * disk (Linux drops the pages of a failed write), so the journal fails for good: `failed` says why
 * and every commit() rejects with it. What had been acknowledged is there when it is opened again.
 */

import { crc32 } from 'node:zlib';
import { assert } from '../model/assert.ts';
import type { PilotError } from '../model/errors.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { randomSecret } from '../runtime/random.ts';
import { type Encoded, encodeWeighed, LARGE_BYTES, readingBytes } from './codec.ts';
import type { Disk } from './disk.ts';
import type { GroupCommit } from './group-commit.ts';
import { writeError } from './journal-errors.ts';
import { type Lift, versionAfter } from './lifts.ts';
import { type FileHeader, type FileType, FORMAT_VERSION } from './record-format.ts';
import { MARGIN_BYTES, Segment } from './segment.ts';
import { removeReplaced, writeSnapshot } from './snapshot.ts';

/** A log that is open for work. */
export interface Journal {
  /** Bytes of records that a snapshot would make superfluous; those in runs count for more. */
  readonly bytesSinceSnapshot: number;
  /** In how many pieces they came, at least. */
  readonly appendsSinceSnapshot: number;
  /** Of the last snapshot; 0 before the first. */
  readonly snapshotBytes: number;
  /** Some of it was written by an older version, until the next snapshot. */
  readonly isOutdated: boolean;
  /** Why nothing can be made durable any more, ever since something went wrong. */
  readonly failed: PilotError | undefined;
  /**
   * Encodes a record that is about to be appended, and may not change any more: many large ones that
   * become durable together need not be encoded in one go. One that is not appended is forgotten.
   */
  encodeAhead(record: object): void;
  /** Adds records; they are encoded at once and may change afterwards. Durable after commit(). */
  append(records: readonly unknown[]): void;
  /**
   * Settles when all that was appended before is durable; earlier calls settle first. Costs nothing
   * to call often: one step at a time is under way, and the next takes all that came meanwhile.
   * What the same tick still appends goes along.
   */
  commit(): Promise<void>;
  /**
   * Makes sure that so many bytes can be appended whatever else fills the disk, beside what running
   * work may bring (another 1 MiB). The next appends use the room up, whoever makes them.
   *
   * @throws PilotError `STORE_FULL`; then nothing has changed.
   */
  reserve(bytes: number): Promise<void>;
  /**
   * Lets a state, in parts, stand for everything appended so far. Each part is encoded when its turn
   * comes, and must not change before; they are written beside everything else. Settles when all is
   * durable and what it replaces is deleted. When it rejects, the log is as good as before, only
   * longer.
   */
  snapshot(parts: Iterable<unknown>): Promise<void>;
  /**
   * Makes durable what was appended, and lets the files go.
   *
   * @throws PilotError when that is not possible; a full disk is not waited for.
   */
  close(): Promise<void>;
}

/** What a journal is opened with. */
export interface JournalOptions {
  /** Made when it is not there. Whoever opens it sees to it that nobody else does. */
  readonly directory: string;
  /** A word for whose records these are; another's journal is refused. */
  readonly kind: string;
  /** How records of earlier versions of that kind are read. Default: there were none. */
  readonly lifts?: readonly Lift[];
  readonly log: Log;
  readonly clock?: Clock;
  readonly disk?: Disk;
}

/** A header for a file that is about to be made. */
export function newHeader(
  type: FileType,
  { kind, lifts = [] }: Pick<JournalOptions, 'kind' | 'lifts'>,
  number: number,
  sequence: number,
): FileHeader {
  const versions = { format: FORMAT_VERSION, records: versionAfter(lifts) };
  return { type, kind, ...versions, number, sequence, salt: crc32(randomSecret(8)) };
}

/** What was there when a journal was opened. */
export interface Inherited {
  /** Of records since the snapshot, and in how many frames they are. */
  readonly log: { readonly bytes: number; readonly frames: number };
  readonly snapshotBytes: number;
  readonly isOutdated: boolean;
}

/** How much was appended, in how many pieces. */
interface Appended {
  readonly bytes: number;
  readonly appends: number;
}

/** A journal over segments and snapshots in one directory. */
export class SegmentedJournal implements Journal {
  readonly #options: JournalOptions & { readonly disk: Disk };
  readonly #commits: GroupCommit;
  /** All that was ever appended, and what of it the last snapshot stands for. */
  #appended: Appended;
  #replaced: Appended = { bytes: 0, appends: 0 };
  #snapshotBytes: number;
  #isOutdated: boolean;
  /** Bytes that were promised room and have not come yet. */
  #reserved = 0;
  /** What records are as bytes that were encoded before they are appended. */
  readonly #ahead = new WeakMap<object, Encoded>();
  #snapshots: Promise<unknown> = Promise.resolve();
  #closed: Promise<void> | undefined;

  constructor(
    options: JournalOptions & { readonly disk: Disk },
    commits: GroupCommit,
    { log, snapshotBytes, isOutdated }: Inherited,
  ) {
    this.#options = options;
    this.#commits = commits;
    this.#appended = { bytes: log.bytes, appends: log.frames };
    this.#snapshotBytes = snapshotBytes;
    this.#isOutdated = isOutdated;
  }

  get bytesSinceSnapshot(): number {
    return this.#appended.bytes - this.#replaced.bytes;
  }

  get appendsSinceSnapshot(): number {
    return this.#appended.appends - this.#replaced.appends;
  }

  get snapshotBytes(): number {
    return this.#snapshotBytes;
  }

  get isOutdated(): boolean {
    return this.#isOutdated;
  }

  get failed(): PilotError | undefined {
    return this.#commits.failed;
  }

  encodeAhead(record: object): void {
    const { bytes, weight } = encodeWeighed([record]);
    const kept = bytes.length >= LARGE_BYTES ? bytes : new Uint8Array(bytes);
    this.#ahead.set(record, { bytes: kept, weight });
  }

  append(records: readonly unknown[]): void {
    assert(!this.#closed, 'a record is appended to a closed journal');
    // Nothing could be done with them but to fill the memory.
    if (records.length === 0 || this.failed) return;
    let from = 0;
    for (let i = 0; i < records.length; i++) {
      const encoded = this.#ahead.get(records[i] as object);
      if (encoded === undefined) continue;
      if (i > from) this.#add(encodeWeighed(records.slice(from, i)));
      this.#add(encoded);
      from = i + 1;
    }
    if (from < records.length) this.#add(encodeWeighed(from === 0 ? records : records.slice(from)));
  }

  commit(): Promise<void> {
    return this.#commits.commit();
  }

  async reserve(bytes: number): Promise<void> {
    assert(bytes >= 0, `room for ${bytes} bytes was asked for`);
    const { disk, directory } = this.#options;
    for (;;) {
      if (this.failed) throw this.failed;
      const { segment } = this.#commits;
      const wanted = this.#promised() + bytes;
      if (segment.room >= wanted) break;
      try {
        await segment.ensureRoom(wanted);
      } catch (error) {
        // The log may have moved on to the next segment meanwhile.
        if (segment !== this.#commits.segment) continue;
        throw await writeError(error, disk, directory, wanted - segment.room);
      }
    }
    this.#reserved += bytes;
  }

  async snapshot(parts: Iterable<unknown>): Promise<void> {
    assert(!this.#closed, 'a snapshot is given to a closed journal');
    if (this.failed) throw this.failed;
    const { disk, directory } = this.#options;
    const appended = this.#appended;
    const begun = this.#commits.moveOn((after, sequence) => {
      const header = newHeader('segment', this.#options, after.header.number + 1, sequence);
      return Segment.create(disk, directory, header, this.#promised());
    });
    // One after the other: a later one deletes what an earlier one would still refer to.
    const written = this.#snapshots.then(() => this.#writeSnapshot(begun, parts, appended));
    this.#snapshots = written.catch(() => {});
    await written;
  }

  close(): Promise<void> {
    this.#closed ??= this.#end();
    return this.#closed;
  }

  async #end(): Promise<void> {
    try {
      await this.#commits.close();
    } finally {
      await this.#snapshots;
    }
  }

  #add(encoded: Encoded): void {
    this.#commits.add(encoded.bytes);
    const { bytes, appends } = this.#appended;
    this.#appended = { bytes: bytes + readingBytes(encoded), appends: appends + 1 };
    this.#reserved = Math.max(0, this.#reserved - encoded.bytes.length);
  }

  /** What a segment must have room for before anything new is promised. */
  #promised(): number {
    return this.#commits.unwritten + this.#reserved + MARGIN_BYTES;
  }

  async #writeSnapshot(begun: Promise<Segment>, parts: Iterable<unknown>, appended: Appended) {
    const { disk, directory, log } = this.#options;
    const { number, sequence } = (await begun).header;
    const header = newHeader('snapshot', this.#options, number, sequence);
    try {
      this.#snapshotBytes = await writeSnapshot(disk, directory, header, parts);
    } catch (error) {
      // At least as much as the last took.
      throw await writeError(error, disk, directory, Math.max(this.#snapshotBytes, MARGIN_BYTES));
    }
    this.#replaced = appended;
    this.#isOutdated = false;
    await removeReplaced(disk, directory, number, log);
  }
}
