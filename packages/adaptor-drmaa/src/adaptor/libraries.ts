/** Where the library is that a URL does not name, and what it has to find in its environment. */
import { constants } from 'node:fs';
import { access, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PilotError } from '@pstar/core/adaptor';

type Environment = Readonly<Record<string, string | undefined>>;

/** Where libraries are looked for. */
export interface LibraryPlaces {
  readonly environment: Environment;
  /** The packagers' directories. */
  readonly directories: readonly string[];
}

/** Where distributions keep libraries. */
export const LIBRARY_DIRECTORIES: readonly string[] = [
  '/usr/lib',
  '/usr/lib64',
  '/usr/lib/x86_64-linux-gnu',
  '/usr/lib/aarch64-linux-gnu',
  '/usr/lib/gridengine-drmaa/lib',
  '/usr/local/lib',
];

/** Which library is meant. */
export interface LibraryKind {
  /** The scheme of its URLs. */
  readonly scheme: string;
  /** Names it. */
  readonly variable: string;
  /** Its file is called so, with a version behind it or not. */
  readonly file: string;
}

/** That of DRMAA 1. */
export const DRMAA1: LibraryKind = {
  scheme: 'drmaa',
  variable: 'DRMAA_LIBRARY_PATH',
  file: 'libdrmaa.so',
};

/** That of DRMAA 2. */
export const DRMAA2: LibraryKind = {
  scheme: 'drmaa2',
  variable: 'DRMAA2_LIBRARY_PATH',
  file: 'libdrmaa2.so',
};

/**
 * Finds the library: what the variable names, else the one below SGE_ROOT, else a distribution's.
 *
 * @throws PilotError `NOT_FOUND` with every place that was looked at
 */
export async function findLibrary(kind: LibraryKind, places: LibraryPlaces): Promise<string> {
  const { environment, directories } = places;
  const named = environment[kind.variable];
  if (named) return named;
  const root = environment['SGE_ROOT'];
  const below = root ? await gridEngineDirectories(root) : [];
  for (const directory of [...below, ...directories]) {
    const found = await libraryIn(directory, kind.file);
    if (found !== undefined) return found;
  }
  throw new PilotError('NOT_FOUND', `there is no ${kind.file} in ${directories.join(', ')}`, {
    subject: `${kind.scheme}://`,
    hint: `write ${kind.scheme}:///path/of/${kind.file}, or set ${kind.variable}; Grid Engine's is found by SGE_ROOT`,
  });
}

/** `lib/lx-amd64` and the like. */
async function gridEngineDirectories(root: string): Promise<readonly string[]> {
  const architectures = await readdir(join(root, 'lib')).catch(() => []);
  return architectures.sort().map((architecture) => join(root, 'lib', architecture));
}

/** The one without a version is for compilers, and there only with the development files. */
async function libraryIn(directory: string, file: string): Promise<string | undefined> {
  const names = await readdir(directory).catch(() => []);
  const fitting = names.filter((name) => name === file || name.startsWith(`${file}.`)).sort();
  for (const name of fitting) {
    const path = join(directory, name);
    const isThere = await access(path, constants.R_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return path;
  }
  return undefined;
}

/** The options of a URL that are about Grid Engine's cell. */
export interface CellOptions {
  readonly root?: string | undefined;
  readonly cell?: string | undefined;
  readonly qmasterPort?: number | undefined;
  readonly execdPort?: number | undefined;
}

/**
 * The variables that say which cell of Grid Engine is meant, as far as the URL says so; so programs
 * have to do with several of them at once. What the cell's `settings.sh` exports counts for what the
 * URL leaves open.
 */
export async function cellEnvironment(options: CellOptions): Promise<Record<string, string>> {
  const { root, cell, qmasterPort, execdPort } = options;
  const settings =
    root === undefined ? {} : await settingsOf(join(root, cell ?? 'default', 'common'));
  return {
    ...settings,
    ...(root !== undefined && { SGE_ROOT: root }),
    ...(cell !== undefined && { SGE_CELL: cell }),
    ...(qmasterPort !== undefined && { SGE_QMASTER_PORT: String(qmasterPort) }),
    ...(execdPort !== undefined && { SGE_EXECD_PORT: String(execdPort) }),
  };
}

async function settingsOf(directory: string): Promise<Record<string, string>> {
  const text = await readFile(join(directory, 'settings.sh'), 'utf8').catch(() => '');
  const lines = text.matchAll(/\b(SGE_(?:CELL|QMASTER_PORT|EXECD_PORT))=["']?([\w.-]+)/g);
  return Object.fromEntries([...lines].map(([, name = '', value = '']) => [name, value]));
}
