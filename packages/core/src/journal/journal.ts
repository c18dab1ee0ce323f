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

import type { PilotError } from '../model/errors.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { Disk } from './disk.ts';
import type { Lift } from './lifts.ts';

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
   * Makes durable what was appended, and lets the files go, and the room that is left in them.
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
