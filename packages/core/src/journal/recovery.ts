/**
 * What a directory says after whatever happened to it: the latest snapshot, the segments that
 * follow it, and where the log ends. Changes nothing on disk.
 */

import type { PilotError } from '../model/errors.ts';
import { STEP } from '../runtime/turns.ts';
import { decodeInTurn } from './codec.ts';
import { filePath, listFiles, type NamedFile } from './file-names.ts';
import { type End, type Frame, FrameReader } from './frame-reader.ts';
import { damaged, missing, newer, otherKind } from './journal-errors.ts';
import { type Lift, liftRecord, liftSnapshot, versionAfter } from './lifts.ts';
import { FILE_HEADER_BYTES, type FileHeader, FORMAT_VERSION } from './record-format.ts';
import { checkSnapshot, partsOf } from './snapshot.ts';

/** A segment, read and found to be right. */
export interface FoundSegment {
  readonly path: string;
  readonly header: FileHeader;
  readonly end: End;
}

/** A snapshot, read and found to be right. */
export interface FoundSnapshot {
  readonly path: string;
  readonly header: FileHeader;
  /** Of the whole file. */
  readonly bytes: number;
}

/** A journal as it was found. */
export interface Found {
  /** The one that counts. */
  readonly snapshot?: FoundSnapshot;
  /** Those that follow the snapshot, in order. */
  readonly segments: readonly FoundSegment[];
}

/** A record and where it is. */
export interface PlacedRecord {
  readonly file: string;
  /** Of the frame that holds it. */
  readonly offset: number;
  readonly record: unknown;
}

/** Whose records are wanted, and how those of earlier versions are read. */
export interface Wanted {
  readonly kind: string;
  readonly lifts: readonly Lift[];
}

/**
 * Reads all of a journal, step by step, and checks that nothing is missing or broken but, perhaps, the last frame.
 *
 * @throws PilotError `JOURNAL_DAMAGED`, `JOURNAL_VERSION`, naming the file.
 */
export function* findJournal(directory: string, wanted: Wanted): Generator<void, Found> {
  const { segments, snapshots } = listFiles(directory);
  let firstProblem: PilotError | undefined;
  // An older snapshot is there only when a crash came before it was deleted; then so is its log.
  for (const file of [...snapshots].reverse()) {
    try {
      const snapshot = yield* readSnapshot(file.path, wanted);
      const found = yield* findSegments(directory, segments, file.number, wanted);
      if (found[0]?.header.sequence !== snapshot.header.sequence) {
        throw damaged(file.path, 0, 'the header does not fit the segment that follows it,');
      }
      return { snapshot, segments: found };
    } catch (error) {
      firstProblem ??= error as PilotError;
    }
  }
  if (firstProblem && segments[0]?.number !== 1) throw firstProblem;
  return { segments: yield* findSegments(directory, segments, 1, wanted) };
}

/** What kind of journal is in a directory; undefined where none can be read. */
export function kindOfJournal(directory: string): string | undefined {
  try {
    const { segments, snapshots } = listFiles(directory);
    const last = segments.at(-1) ?? snapshots.at(-1);
    if (last === undefined) return undefined;
    using file = new FrameReader(last.path);
    return file.header.kind;
  } catch {
    return undefined;
  }
}

/** Whether something in it was written by an older program, and is to be written anew. */
export function isOutdated({ snapshot, segments }: Found, { lifts }: Wanted): boolean {
  const headers = [...(snapshot ? [snapshot] : []), ...segments].map(({ header }) => header);
  return headers.some((header) => isOlder(header, lifts));
}

/** Whether a file is of an older version than what is written now. */
export function isOlder({ format, records }: FileHeader, lifts: readonly Lift[]): boolean {
  return format < FORMAT_VERSION || records < versionAfter(lifts);
}

/** The parts of a snapshot, lifted to the present version; read from disk as they are gone through. */
export function* replaySnapshot(
  { path, bytes }: FoundSnapshot,
  lifts: readonly Lift[],
): Generator<unknown> {
  using file = new FrameReader(path);
  yield* liftSnapshot(plainParts(file, bytes), file.header.records, lifts);
}

function* plainParts(file: FrameReader, end: number): Generator<unknown> {
  for (const { part } of partsOf(file, withoutSteps(file.framesAgain(end)))) yield part;
}

function* withoutSteps(frames: Iterable<Frame | undefined>): Generator<Frame> {
  for (const frame of frames) if (frame !== undefined) yield frame;
}

/**
 * The records of segments, lifted to the present version; read from disk as they are gone through, with a
 * {@link STEP} wherever reading one has taken a while.
 */
export function* replayInSteps(
  segments: readonly FoundSegment[],
  lifts: readonly Lift[],
): Generator<unknown> {
  for (const { path, header, end } of segments) {
    using file = new FrameReader(path);
    for (const frame of file.framesAgain(end.offset)) {
      if (frame === undefined) yield STEP;
      else for (const record of recordsIn(frame)) yield liftRecord(record, header.records, lifts);
    }
  }
}

/** The same without steps. */
export function* replayRecords(
  segments: readonly FoundSegment[],
  lifts: readonly Lift[],
): Generator<unknown> {
  for (const record of replayInSteps(segments, lifts)) if (record !== STEP) yield record;
}

/** The records of one segment. */
export function* recordsOf(path: string): Generator<PlacedRecord> {
  using file = new FrameReader(path);
  for (const frame of file.frames()) {
    for (const record of recordsIn(frame)) yield { file: path, offset: frame.offset, record };
  }
}

function* recordsIn({ payload }: Frame): Generator<unknown> {
  for (const records of decodeInTurn(payload)) yield* records as unknown[];
}

function* readSnapshot(path: string, wanted: Wanted): Generator<void, FoundSnapshot> {
  using file = new FrameReader(path);
  assertWanted(file, wanted);
  return { path, header: file.header, bytes: yield* checkSnapshot(file) };
}

function assertWanted({ path, header }: FrameReader, { kind, lifts }: Wanted): void {
  if (header.kind !== kind) throw otherKind(path, header.kind, kind);
  const version = versionAfter(lifts);
  if (header.records > version) throw newer(path, 'records', header.records, version);
}

function* findSegments(
  directory: string,
  files: readonly NamedFile[],
  first: number,
  wanted: Wanted,
): Generator<void, FoundSegment[]> {
  const found: FoundSegment[] = [];
  const last = files.at(-1)?.number ?? 0;
  // A snapshot is written after the segment that follows it was begun.
  if (last < first && first > 1) throw missing(filePath(directory, 'segment', first));
  for (let number = first; number <= last; number++) {
    const file = files.find((candidate) => candidate.number === number);
    if (!file) throw missing(filePath(directory, 'segment', number));
    const segment = yield* readSegment(file.path, wanted);
    const before = found.at(-1);
    // The log moves on only when all that came before is durable: its end cannot be torn there.
    if (before && segment.header.sequence !== before.end.sequence + 1) {
      throw damaged(before.path, before.end.offset, 'a frame is damaged or missing');
    }
    found.push(segment);
  }
  return found;
}

function* readSegment(path: string, wanted: Wanted): Generator<void, FoundSegment> {
  using file = new FrameReader(path);
  assertWanted(file, wanted);
  const frames = file.check();
  let step = frames.next();
  for (; !step.done; step = frames.next()) yield;
  return { path, header: file.header, end: step.value };
}

/** How much there is to read in what was found. */
export function sizeOf(segments: readonly FoundSegment[]): { bytes: number; frames: number } {
  let bytes = 0;
  let frames = 0;
  for (const { header, end } of segments) {
    bytes += end.offset - FILE_HEADER_BYTES;
    frames += end.sequence + 1 - header.sequence;
  }
  return { bytes, frames };
}
