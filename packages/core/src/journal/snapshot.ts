/**
 * A snapshot: a file with the state that all records before a segment have led to, in parts. It
 * gets its name when it is durable, so one that has its name is whole.
 */

import { crc32 } from 'node:zlib';
import type { Log } from '../runtime/log.ts';
import { Batch } from './batch.ts';
import { decodeInTurn, encodeWeighed, readingBytes } from './codec.ts';
import type { Disk } from './disk.ts';
import { draftOf, filePath, listFiles } from './file-names.ts';
import type { Frame, FrameReader } from './frame-reader.ts';
import { damaged } from './journal-errors.ts';
import { encodeFileHeader, FILE_HEADER_BYTES, type FileHeader } from './record-format.ts';

/** Small parts go into one frame up to this size: little enough to be made between two other things. */
const FRAME_BYTES = 512 * 1024;

/**
 * Writes a state beside everything else that goes on, each part encoded when its turn comes;
 * durable when it settles, with the bytes that it takes to read.
 */
export async function writeSnapshot(
  disk: Disk,
  directory: string,
  header: FileHeader,
  parts: Iterable<unknown>,
): Promise<number> {
  const path = filePath(directory, 'snapshot', header.number);
  const draft = draftOf(path);
  const file = await disk.create(draft);
  let { sequence } = header;
  let offset = FILE_HEADER_BYTES;
  const batch = new Batch();
  let weight = 0;
  let saved = 0;
  const writeFrame = async (): Promise<void> => {
    for (const piece of batch.seal(sequence++, header.salt, crc32)) {
      await file.write(piece, offset);
      offset += piece.length;
    }
    batch.clear();
    weight = 0;
  };
  try {
    file.writeNow(encodeFileHeader(header, crc32), 0);
    for (const part of parts) {
      const made = encodeWeighed([part]);
      batch.add(made.bytes);
      weight += made.weight;
      saved += readingBytes(made) - made.bytes.length;
      if (weight >= FRAME_BYTES) await writeFrame();
    }
    if (batch.payloadBytes > 0) await writeFrame();
    // The end: a frame without payload.
    await writeFrame();
    await file.sync();
  } catch (error) {
    await file.close();
    await disk.remove(draft);
    throw error;
  }
  await file.close();
  await disk.rename(draft, path);
  await disk.syncDirectory(directory);
  return offset + saved;
}

/**
 * Goes through all of an open snapshot, step by step; returns the bytes that it takes.
 *
 * @throws PilotError `JOURNAL_DAMAGED` when it is not whole.
 */
export function* checkSnapshot(file: FrameReader): Generator<void, number> {
  const frames = file.check();
  let hasEnd = false;
  for (;;) {
    const { value, done } = frames.next();
    if (done) {
      if (hasEnd) return value.offset;
      throw damaged(file.path, value.offset, 'the state does not match its checksum');
    }
    if (value !== undefined) hasEnd = file.header.format === 1 || value.length === 0;
    yield;
  }
}

/** The parts of the state in an open snapshot, each with where its frame begins. */
export function* partsOf(
  file: FrameReader,
  frames: Iterable<Frame> = file.frames(),
): Generator<{ offset: number; part: unknown }> {
  for (const { offset, payload } of frames) {
    // An end.
    if (payload.length === 0) return;
    for (const value of decodeInTurn(payload)) {
      const parts = file.header.format === 1 ? [value] : (value as unknown[]);
      for (const part of parts) yield { offset, part };
    }
  }
}

/** Deletes what a snapshot stands for; what cannot be deleted now is, at the next opening. */
export async function removeReplaced(
  disk: Disk,
  directory: string,
  snapshotNumber: number,
  log: Log,
): Promise<void> {
  const { segments, snapshots } = listFiles(directory);
  for (const { path, number } of [...segments, ...snapshots]) {
    if (number >= snapshotNumber) continue;
    await disk.remove(path).catch((error) => log.warn({ path, error }, 'cannot be deleted'));
  }
}
