/** Which services a store holds: each says its state in a small file beside its journal. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SERVICE_STATES, type ServiceState } from '../../model/service-state.ts';
import { type DirectoryHolder, directoryHolder } from '../../runtime/directory-lock.ts';
import { writeFileAtomic } from '../../runtime/files.ts';
import { rootOf, type ServiceKind, type Store } from './service-store.ts';

const FILE = 'service.json';

/** A service as its store knows it. */
export interface ServiceListing {
  readonly id: string;
  readonly kind: ServiceKind;
  /** `Open` without a holder: its program has ended without closing it. */
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

/** Writes down a service's state; until the first time nobody knows of it. */
export function writeServiceState(directory: string, written: Written): Promise<void> {
  return writeFileAtomic(join(directory, FILE), `${JSON.stringify(written)}\n`);
}

/** What was last written down; undefined for a service that nobody knows of. */
export async function readServiceState(directory: string): Promise<Written | undefined> {
  const text = await readFile(join(directory, FILE), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const { kind, state, openedAt } = JSON.parse(text) as Partial<Written>;
  const known = SERVICE_STATES.find((candidate) => candidate === state);
  return kind && known && openedAt ? { kind, state: known, openedAt } : undefined;
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
