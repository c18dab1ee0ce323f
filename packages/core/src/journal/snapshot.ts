/**
 * A snapshot: a file with one frame, the state that all records before a segment have led to. It
 * gets its name when it is durable, so one that has its name is whole.
 */

import { crc32 } from 'node:zlib';
import type { Log } from '../runtime/log.ts';
import { decodeAll } from './codec.ts';
import type { Disk } from './disk.ts';
import { draftOf, filePath, listFiles } from './file-names.ts';
import type { FrameReader } from './frame-reader.ts';
import { damaged } from './journal-errors.ts';
import {
  encodeFileHeader,
  encodeFrameHeader,
  FILE_HEADER_BYTES,
  type FileHeader,
  FRAME_HEADER_BYTES,
  frameCheck,
} from './record-format.ts';

/** Enough for a disk, and little enough to be summed up between two other things. */
const PIECE_BYTES = 4 * 1024 * 1024;

/** Writes the encoded state beside everything else that goes on; durable when it settles. */
export async function writeSnapshot(
  disk: Disk,
  directory: string,
  header: FileHeader,
  encoded: Uint8Array,
): Promise<void> {
  const path = filePath(directory, 'snapshot', header.number);
  const draft = draftOf(path);
  const file = await disk.create(draft);
  try {
    const frame = { length: encoded.length, sequence: header.sequence };
    let check = frameCheck(frame, [], header.salt, crc32);
    const start = FILE_HEADER_BYTES + FRAME_HEADER_BYTES;
    for (let offset = 0; offset < encoded.length; offset += PIECE_BYTES) {
      const piece = encoded.subarray(offset, offset + PIECE_BYTES);
      check = crc32(piece, check);
      await file.write(piece, start + offset);
    }
    const opening = new Uint8Array(start);
    opening.set(encodeFileHeader(header, crc32));
    encodeFrameHeader(opening.subarray(FILE_HEADER_BYTES), { ...frame, check });
    file.writeNow(opening, 0);
    await file.sync();
  } catch (error) {
    await file.close();
    await disk.remove(draft);
    throw error;
  }
  await file.close();
  await disk.rename(draft, path);
  await disk.syncDirectory(directory);
}

/** The state in an open snapshot. */
export function readSnapshot(file: FrameReader): unknown {
  const { value: frame, done } = file.frames().next();
  if (done) throw damaged(file.path, FILE_HEADER_BYTES, 'the state does not match its checksum');
  return decodeAll(frame.payload)[0];
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
