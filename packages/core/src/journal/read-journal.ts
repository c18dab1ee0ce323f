/** Looks into a journal without opening it for work: for tools, and for whoever wants to know. */

import { existsSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { PilotError } from '../model/errors.ts';
import { written } from '../model/written.ts';
import { listFiles } from './file-names.ts';
import { FrameReader } from './frame-reader.ts';
import { type PlacedRecord, recordsOf } from './recovery.ts';
import { partsOf } from './snapshot.ts';

/**
 * Every record in a journal, or in one of its files, in order, with where it is; each part of a
 * snapshot counts as a record. They are as they were written, for `JSON.stringify()`, with columns as
 * arrays: those of an older version are not made to look like those of this one. A journal may be in
 * use meanwhile: what is being written at its end is left out.
 *
 * @param path the directory of a service, or its journal, or a file in there
 * @throws PilotError `NOT_FOUND`; `JOURNAL_DAMAGED` after the records before the damage, `JOURNAL_VERSION`.
 */
export function* readJournal(path: string): Generator<PlacedRecord> {
  for (const { record, ...place } of readAll(path)) yield { ...place, record: plain(record) };
}

function* readAll(path: string): Generator<PlacedRecord> {
  if (!factsOf(path).isDirectory()) {
    yield* readFile(path);
    return;
  }
  const inService = join(path, 'journal');
  const { snapshots, segments } = listFiles(existsSync(inService) ? inService : path);
  const latest = snapshots.at(-1);
  if (latest) yield* readFile(latest.path);
  for (const segment of segments) {
    if (segment.number >= (latest?.number ?? 1)) yield* recordsOf(segment.path);
  }
}

/** @throws PilotError `NOT_FOUND` */
function factsOf(path: string): Stats {
  const facts = typeof path === 'string' ? statSync(path, { throwIfNoEntry: false }) : undefined;
  if (facts !== undefined) return facts;
  throw new PilotError('NOT_FOUND', `there is no journal ${written(path)}`, {
    subject: 'path',
    hint: "name a service's directory in its store, its journal, or a file in there",
  });
}

function* readFile(path: string): Generator<PlacedRecord> {
  using file = new FrameReader(path);
  if (file.header.type === 'segment') yield* recordsOf(path);
  else for (const { offset, part } of partsOf(file)) yield { file: path, offset, record: part };
}

/** Without typed arrays, of which JSON makes objects. */
function plain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (ArrayBuffer.isView(value)) return Array.from(value as Uint8Array);
  if (Array.isArray(value)) return value.map(plain);
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, plain(each)]));
}
