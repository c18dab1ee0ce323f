/** Which services a store holds: each says its state in a small file beside its journal. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { kindOfJournal } from '../../journal/recovery.ts';
import type { PilotError } from '../../model/errors.ts';
import {
  isFinalServiceState,
  SERVICE_STATES,
  type ServiceState,
} from '../../model/service-state.ts';
import { type DirectoryHolder, directoryHolder } from '../../runtime/directory-lock.ts';
import { writeFileAtomic } from '../../runtime/files.ts';
import type { Log } from '../../runtime/log.ts';
import { rootOf, SERVICE_FILE, type ServiceKind, type Store } from './service-store.ts';

/** A service as its store knows it. */
export interface ServiceListing {
  readonly id: string;
  readonly kind: ServiceKind;
  /**
   * `Open` without a holder: its program has ended without closing it, or the file that says so is damaged,
   * or could not be written on a full disk.
   */
  readonly state: ServiceState;
  readonly openedAt: Date;
  /** The process that has it open. */
  readonly holder?: DirectoryHolder;
}

/** What is written down. */
interface Written {
  readonly kind: ServiceKind;
  readonly state: ServiceState;
  readonly openedAt: string;
}

/**
 * Writes down a service's state; until the first time nobody knows of it. That it has ended does not go
 * wrong on a full disk: nothing is lost but what {@link listServices} says, and programs have done their work.
 */
export async function writeServiceState(
  directory: string,
  written: Written,
  log: Log,
): Promise<void> {
  try {
    await writeFileAtomic(join(directory, SERVICE_FILE), `${JSON.stringify(written)}\n`);
  } catch (error) {
    const { code, message } = error as PilotError;
    if (code !== 'STORE_FULL' || !isFinalServiceState(written.state)) throw error;
    const { state } = written;
    const words = `the service is ${state}, and stays listed as Open until it is opened again`;
    log.warn({ directory, error: message }, words);
  }
}

/** What was last written down; undefined for a service that nobody knows of. */
export async function readServiceState(directory: string): Promise<Written | undefined> {
  const path = join(directory, SERVICE_FILE);
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  return parsed(text) ?? (await guessed(directory, path));
}

/** Undefined for what is not as it was written. */
function parsed(text: string): Written | undefined {
  try {
    const { kind, state, openedAt } = JSON.parse(text) as Partial<Written>;
    const known = SERVICE_STATES.find((candidate) => candidate === state);
    const isDate = !Number.isNaN(Date.parse(openedAt ?? ''));
    const isKind = kind === 'pilots' || kind === 'work';
    return isKind && known && isDate ? { kind, state: known, openedAt: `${openedAt}` } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * What can be told of a service whose file is damaged: all that counts is in its journal, and to open it
 * writes the file anew. Undefined where there is no journal either.
 */
async function guessed(directory: string, path: string): Promise<Written | undefined> {
  const kind = kindOfJournal(join(directory, 'journal'));
  if (kind !== 'pilots' && kind !== 'work') return undefined;
  const { mtime } = await stat(path);
  return { kind, state: 'Open', openedAt: mtime.toISOString() };
}

/**
 * The services in a store, open or not, the oldest first; without a store, in the default one.
 *
 * @throws DescriptionError for what is no store
 */
export async function listServices(store?: string | Store): Promise<ServiceListing[]> {
  const root = rootOf(store);
  const ids = await readdir(root).catch(() => []);
  const all = await Promise.all(ids.map((id) => listing(root, id)));
  return all
    .filter((each) => each !== undefined)
    .sort((a, b) => a.openedAt.getTime() - b.openedAt.getTime());
}

async function listing(root: string, id: string): Promise<ServiceListing | undefined> {
  const directory = join(root, id);
  const written = await readServiceState(directory);
  if (written === undefined) return undefined;
  const { kind, state, openedAt } = written;
  const holder = await directoryHolder(directory);
  return { id, kind, state, openedAt: new Date(openedAt), ...(holder && { holder }) };
}
