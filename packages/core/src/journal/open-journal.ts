/** Opens a journal: finds what is there, mends the end of it, and makes it ready for work. */

import { systemClock } from '../runtime/clock.ts';
import { ensureDirectory } from '../runtime/files.ts';
import { isFull } from '../runtime/store-error.ts';
import { inTurns } from '../runtime/turns.ts';
import { type Disk, systemDisk } from './disk.ts';
import { listFiles } from './file-names.ts';
import { GroupCommit } from './group-commit.ts';
import type { Journal, JournalOptions } from './journal.ts';
import { writeError } from './journal-errors.ts';
import { newHeader } from './new-header.ts';
import {
  type Found,
  findJournal,
  isOlder,
  isOutdated,
  replayInSteps,
  replayRecords,
  replaySnapshot,
  sizeOf,
} from './recovery.ts';
import { MARGIN_BYTES, Segment } from './segment.ts';
import { SegmentedJournal } from './segmented-journal.ts';
import { removeReplaced } from './snapshot.ts';

/** A journal, and what it held. */
export interface OpenedJournal {
  readonly journal: Journal;
  /** The parts of the latest state that was given to snapshot(); read as they are gone through. */
  readonly snapshot?: Iterable<unknown>;
  /** What was appended after it, in order; both are to be gone through before the next snapshot(). */
  readonly records: Iterable<unknown>;
  /** The same, with a `STEP` wherever it took a while to read on. */
  readonly inSteps: Iterable<unknown>;
  /** Says that something unacknowledged was cut off the end. */
  readonly notice?: string;
}

/**
 * Opens the journal in a directory, or begins one there. What an older version has written is read
 * as if this one had; it stays as it is until the next snapshot, and nothing is added to it.
 *
 * @throws PilotError `JOURNAL_DAMAGED`, `JOURNAL_VERSION`, `STORE_UNWRITABLE`, `STORE_FULL`.
 */
export async function openJournal(options: JournalOptions): Promise<OpenedJournal> {
  const { directory, kind, lifts = [], log } = options;
  const disk = options.disk ?? systemDisk;
  const clock = options.clock ?? systemClock;
  await ensureDirectory(directory);
  const found = await inTurns(findJournal(directory, { kind, lifts }), clock);
  const last = found.segments.at(-1);
  const segment = await tidyUp(disk, options, found).catch(async (error) => {
    throw await writeError(error, disk, directory, MARGIN_BYTES);
  });
  const sequence = last ? last.end.sequence + 1 : segment.header.sequence;
  const commits = new GroupCommit({ disk, directory, segment, sequence, clock, log });
  const torn = last?.end.tornBytes ?? 0;
  const notice = `a crash left ${torn} bytes unfinished at the end of ${last?.path}; they were never acknowledged and are cut off`;
  const { snapshot, segments } = found;
  const inherited = {
    log: sizeOf(segments),
    snapshotBytes: snapshot?.bytes ?? 0,
    isOutdated: isOutdated(found, { kind, lifts }),
  };
  return {
    journal: new SegmentedJournal({ ...options, disk }, commits, inherited),
    ...(snapshot && { snapshot: again(() => replaySnapshot(snapshot, lifts)) }),
    records: again(() => replayRecords(segments, lifts)),
    inSteps: again(() => replayInSteps(segments, lifts)),
    ...(torn > 0 ? { notice } : {}),
  };
}

function again(iterate: () => Iterator<unknown>): Iterable<unknown> {
  return { [Symbol.iterator]: iterate };
}

/** Makes durable what was found, deletes what nothing refers to, and goes on where it ended. */
async function tidyUp(disk: Disk, options: JournalOptions, found: Found): Promise<Segment> {
  const { directory, log } = options;
  await disk.syncDirectory(directory);
  for (const draft of listFiles(directory).drafts) await disk.remove(draft);
  await removeReplaced(disk, directory, found.snapshot?.header.number ?? 0, log);
  return openLast(disk, options, found);
}

/** The segment to go on with. */
async function openLast(disk: Disk, options: JournalOptions, found: Found): Promise<Segment> {
  const { directory, lifts = [], log } = options;
  const last = found.segments.at(-1);
  if (!last) {
    return Segment.create(disk, directory, newHeader('segment', options, 1, 1), MARGIN_BYTES);
  }
  const { path, header, end } = last;
  const segment = await Segment.reopen(disk, path, header, end);
  if (isOlder(header, lifts)) {
    // Its reader is told by its header how all of it is to be read.
    await segment.close();
    const next = newHeader('segment', options, header.number + 1, end.sequence + 1);
    return Segment.create(disk, directory, next, MARGIN_BYTES);
  }
  try {
    await segment.ensureRoom(MARGIN_BYTES);
  } catch (error) {
    // What is there can still be read, and what runs be canceled: reserve() refuses new work.
    if (!isFull(error)) throw error;
    log.warn({ directory }, 'the disk is full: there is no room for new work');
  }
  return segment;
}
