/**
 * A journal over segments and snapshots in one directory: encodes records and passes them on to be
 * committed, keeps account of the room that was promised, and has snapshots written.
 */
import { assert } from '../model/assert.ts';
import type { PilotError } from '../model/errors.ts';
import { type Encoded, encodeWeighed, LARGE_BYTES, readingBytes } from './codec.ts';
import type { Disk } from './disk.ts';
import type { GroupCommit } from './group-commit.ts';
import type { Journal, JournalOptions } from './journal.ts';
import { writeError } from './journal-errors.ts';
import { newHeader } from './new-header.ts';
import { MARGIN_BYTES, Segment } from './segment.ts';
import { removeReplaced, writeSnapshot } from './snapshot.ts';

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

/** Made by `openJournal()`. */
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
