/** Where a service lives on disk: its own directory in the store, locked, with its journal. */
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { listFiles } from '../../journal/file-names.ts';
import { gone } from '../../journal/journal-errors.ts';
import { type OpenedJournal, openJournal } from '../../journal/open-journal.ts';
import { PILOT_LIFTS, WORK_LIFTS } from '../../manager/old-dumps.ts';
import { readText } from '../../model/attribute-readers.ts';
import { DescriptionError, PilotError } from '../../model/errors.ts';
import { newId } from '../../model/ids.ts';
import { written } from '../../model/written.ts';
import type { Clock } from '../../runtime/clock.ts';
import { type DirectoryLock, lockDirectory } from '../../runtime/directory-lock.ts';
import { ensureDirectory, storeDirectory } from '../../runtime/files.ts';
import type { Log } from '../../runtime/log.ts';
import { randomFraction } from '../../runtime/random.ts';
import { readAs } from './call-options.ts';
import { readLog } from './option-readers.ts';

/** A directory that holds everything durable of any number of services. */
export interface Store {
  readonly directory: string;
}

/** Says a service's state, beside its journal; written once it has been opened. */
export const SERVICE_FILE = 'service.json';

/** What kind of service a directory is; the first part of the ids that are made up. */
export type ServiceKind = 'pilots' | 'work';

/** How what earlier versions have written is read. */
const LIFTS = { pilots: PILOT_LIFTS, work: WORK_LIFTS } as const;

/** A service's place in a store, while it is open. */
export interface ServiceStore {
  readonly id: string;
  readonly directory: string;
  /** It was there before: its journal holds an earlier life. */
  readonly reopened: boolean;
  readonly opened: OpenedJournal;
  /** Closes the journal and lets others open the service. */
  close(): Promise<void>;
}

/** What names a service and its place. */
export interface ServiceStoreOptions {
  readonly kind: ServiceKind;
  readonly id?: string | undefined;
  readonly store?: string | Store | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/** What may be an id: it becomes a directory and a part of unit ids and environment variables. */
const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/**
 * Opens a service's directory, made if it is not there, and reads its journal.
 *
 * @throws PilotError `STORE_UNWRITABLE`, `STORE_LOCKED`, `JOURNAL_DAMAGED`, `JOURNAL_VERSION`, or
 * `DESCRIPTION_INVALID` for what can be no id.
 */
export async function openServiceStore(options: ServiceStoreOptions): Promise<ServiceStore> {
  const { kind, clock, log } = options;
  const id = options.id ?? newId(kind, randomFraction);
  if (!ID.test(id)) {
    throw new PilotError('DESCRIPTION_INVALID', `'${id}' can be no id`, {
      subject: 'id',
      hint: 'use up to 64 letters, digits, dots, dashes and underscores, a letter or digit first',
    });
  }
  const directory = join(rootOf(options.store), id);
  const journalDirectory = join(directory, 'journal');
  const reopened = existsSync(journalDirectory);
  if (existsSync(join(directory, SERVICE_FILE)) && !hasFiles(journalDirectory)) {
    throw gone(journalDirectory);
  }
  await ensureDirectory(directory);
  const lock = await lockDirectory(directory, clock);
  try {
    await ensureDirectory(journalDirectory);
    const lifts = LIFTS[kind];
    const opened = await openJournal({ directory: journalDirectory, kind, lifts, log });
    if (opened.notice) log.warn({ service: id }, opened.notice);
    return { id, directory, reopened, opened, close: () => close(opened, lock) };
  } catch (error) {
    await lock.release();
    if (!reopened) await rm(directory, { recursive: true, force: true });
    throw error;
  }
}

function hasFiles(journalDirectory: string): boolean {
  if (!existsSync(journalDirectory)) return false;
  const { segments, snapshots } = listFiles(journalDirectory);
  return segments.length + snapshots.length > 0;
}

/** A directory, by its name or as a store. */
function readStore(value: string | Store): string | Store {
  const directory = typeof value === 'object' ? (value as Store | null)?.directory : value;
  if (typeof directory === 'string') return value;
  throw new DescriptionError('DESCRIPTION_INVALID', `${written(value)} is no store`, {
    hint: "write the name of a directory: '/scratch/me/pstar'",
  });
}

/** What reads the options that both kinds of service have; an id is looked at where its store is opened. */
export const SERVICE_READERS = { id: readText, store: readStore, log: readLog } as const;

/** The directory of a store, or of the default one. */
export function rootOf(store: string | Store | undefined): string {
  const given = store === undefined ? undefined : readAs('store', readStore, store);
  return storeDirectory(typeof given === 'object' ? given.directory : given);
}

async function close({ journal }: OpenedJournal, lock: DirectoryLock): Promise<void> {
  try {
    await journal.close();
  } finally {
    await lock.release();
  }
}
