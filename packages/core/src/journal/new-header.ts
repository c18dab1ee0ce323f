/** The header of a file that is about to be made, in the versions that are written now. */
import { crc32 } from 'node:zlib';
import { randomSecret } from '../runtime/random.ts';
import type { JournalOptions } from './journal.ts';
import { versionAfter } from './lifts.ts';
import { type FileHeader, type FileType, FORMAT_VERSION } from './record-format.ts';

/** @param sequence of the first frame in the file */
export function newHeader(
  type: FileType,
  { kind, lifts = [] }: Pick<JournalOptions, 'kind' | 'lifts'>,
  number: number,
  sequence: number,
): FileHeader {
  const versions = { format: FORMAT_VERSION, records: versionAfter(lifts) };
  return { type, kind, ...versions, number, sequence, salt: crc32(randomSecret(8)) };
}
