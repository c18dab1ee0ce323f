/**
 * What a directory says after whatever happened to it: the latest snapshot, the segments that
 * follow it, and where the log ends. Changes nothing on disk.
 */

import type { PilotError } from '../model/errors.ts';
import { decodeAll } from './codec.ts';
import { filePath, listFiles, type NamedFile } from './file-names.ts';
import { type End, FrameReader } from './frame-reader.ts';
import { damaged, missing, otherKind } from './journal-errors.ts';
import { FILE_HEADER_BYTES, type FileHeader } from './record-format.ts';
import { readSnapshot } from './snapshot.ts';

/** A segment, read and found to be right. */
export interface FoundSegment {
  readonly path: string;
  readonly header: FileHeader;
  readonly end: End;
}

/** A journal as it was found. */
export interface Found {
  /** The number of the snapshot that counts, 0 when there is none. */
  readonly snapshotNumber: number;
  readonly snapshot?: unknown;
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

/**
 * Reads all of a journal and checks that nothing is missing or broken but, perhaps, the last frame.
 *
 * @throws PilotError `JOURNAL_DAMAGED`, `JOURNAL_VERSION`, naming the file.
 */
export function findJournal(directory: string, kind: string): Found {
  const { segments, snapshots } = listFiles(directory);
  let firstProblem: PilotError | undefined;
  // An older snapshot is there only when a crash came before it was deleted; then so is its log.
  for (const file of [...snapshots].reverse()) {
    try {
      const { snapshot, sequence } = openSnapshot(file, kind);
      const found = findSegments(directory, segments, file.number, kind);
      if (found[0]?.header.sequence !== sequence) {
        throw damaged(file.path, 0, 'the header does not fit the segment that follows it,');
      }
      return { snapshotNumber: file.number, snapshot, segments: found };
    } catch (error) {
      firstProblem ??= error as PilotError;
    }
  }
  if (firstProblem && segments[0]?.number !== 1) throw firstProblem;
  return { snapshotNumber: 0, segments: findSegments(directory, segments, 1, kind) };
}

/** The records of one segment, up to where it was found to end. */
export function* recordsOf(path: string, upTo = Number.POSITIVE_INFINITY): Generator<PlacedRecord> {
  using file = new FrameReader(path);
  for (const { offset, payload } of file.frames()) {
    if (offset >= upTo) return;
    for (const records of decodeAll(payload)) {
      for (const record of records as unknown[]) yield { file: path, offset, record };
    }
  }
}

function openSnapshot(named: NamedFile, kind: string): { snapshot: unknown; sequence: number } {
  using file = new FrameReader(named.path);
  if (file.header.kind !== kind) throw otherKind(named.path, file.header.kind, kind);
  return { snapshot: readSnapshot(file), sequence: file.header.sequence };
}

function findSegments(
  directory: string,
  files: readonly NamedFile[],
  first: number,
  kind: string,
): FoundSegment[] {
  const found: FoundSegment[] = [];
  const last = files.at(-1)?.number ?? 0;
  // A snapshot is written after the segment that follows it was begun.
  if (last < first && first > 1) throw missing(filePath(directory, 'segment', first));
  for (let number = first; number <= last; number++) {
    const file = files.find((candidate) => candidate.number === number);
    if (!file) throw missing(filePath(directory, 'segment', number));
    const segment = readSegment(file.path, kind);
    const before = found.at(-1);
    // The log moves on only when all that came before is durable: its end cannot be torn there.
    if (before && segment.header.sequence !== before.end.sequence + 1) {
      throw damaged(before.path, before.end.offset, 'a frame is damaged or missing');
    }
    found.push(segment);
  }
  return found;
}

function readSegment(path: string, kind: string): FoundSegment {
  using file = new FrameReader(path);
  if (file.header.kind !== kind) throw otherKind(path, file.header.kind, kind);
  const frames = file.frames();
  let step = frames.next();
  while (!step.done) step = frames.next();
  return { path, header: file.header, end: step.value };
}

/** Bytes of frames in what was found. */
export function bytesOf(segments: readonly FoundSegment[]): number {
  return segments.reduce((sum, { end }) => sum + end.offset - FILE_HEADER_BYTES, 0);
}
