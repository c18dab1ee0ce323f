/**
 * The directories of ssh hosts: whose they are, and how all that belongs to one is ended, also by a
 * later program.
 */
import { closeSync, constants, openSync, readdirSync, statSync, writeSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { statOf } from '../../../packages/core/src/adaptor/local-process.ts';
import { removeCluster } from '../slurm/directories.ts';
import { killAllWith, lives } from '../slurm/processes.ts';

const PREFIX = 'pstar-ssh-';
/** In the environment of every host, and of all that its users start: its directory. */
export const MARK = 'PSTAR_SSH_HOST';
/** In a host's directory: what it reads commands from, where it outlives the program that started it. */
export const CONTROL = 'control';
/** In the directory of all: what all hosts see under the same name. */
export const SHARED = 's';

/** Makes one that is this program's, or, by hand, nobody's. */
export function makeDirectory(byHand: boolean): Promise<string> {
  const owner = byHand ? 'by-hand' : `${process.pid}-${statOf(process.pid)?.start}`;
  return mkdtemp(join(tmpdir(), `${PREFIX}${owner}-`));
}

/** Ends the hosts that were started to live on, and says where they were. */
export async function endByHand(): Promise<string[]> {
  const directories = ownDirectories().filter((path) => path.includes(`${PREFIX}by-hand-`));
  await Promise.all(directories.map(removeHosts));
  return directories;
}

/** What has no program any more. Its hosts have ended with it, where they have namespaces. */
export async function endLeftOver(): Promise<void> {
  const dead = ownDirectories().filter((path) => {
    const [, pid, start] = /-(\d+)-(\d+)-[^-]+$/.exec(path) ?? [];
    return pid !== undefined && !lives(Number(pid), Number(start));
  });
  await Promise.all(dead.map(removeHosts));
}

/** Idempotent, and two programs may do it at once. */
export async function removeHosts(directory: string): Promise<void> {
  const clusters = await readdir(join(directory, SHARED)).catch(() => []);
  await Promise.all(clusters.map((name) => removeCluster(join(directory, SHARED, name))));
  const hosts = (await readdir(directory).catch(() => [])).map((name) => join(directory, name));
  // By sudo they are not ours to kill.
  for (const host of hosts) tell(join(host, CONTROL), 'end');
  await killAllWith(hosts.map((host) => [MARK, host] as const));
  await rm(directory, { recursive: true, force: true });
}

/** Writes a line to whoever reads there; nobody may. */
export function tell(control: string, word: string): void {
  try {
    const file = openSync(control, constants.O_WRONLY | constants.O_NONBLOCK);
    writeSync(file, `${word}\n`);
    closeSync(file);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (!['ENOENT', 'ENXIO', 'ENOTDIR'].includes(code)) throw error;
  }
}

function ownDirectories(): string[] {
  const names = readdirSync(tmpdir()).filter((name) => name.startsWith(PREFIX));
  const paths = names.map((name) => join(tmpdir(), name));
  const user = process.getuid?.();
  return paths.filter((path) => statSync(path, { throwIfNoEntry: false })?.uid === user);
}
