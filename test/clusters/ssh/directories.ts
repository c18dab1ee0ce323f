/** The directories of ssh hosts, and how all that belongs to one is ended. */
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { OwnedDirectories } from '../base/directories.ts';
import { killAllWith } from '../base/processes.ts';
import { removeCluster } from '../slurm/directories.ts';

/** In the environment of every host, and of all that its users start: its directory. */
export const MARK = 'PSTAR_SSH_HOST';
/** In a host's directory: what it reads commands from, where it outlives the program that started it. */
export const CONTROL = 'control';
/** In the directory of all: what all hosts see under the same name. */
export const SHARED = 's';

export const directories = new OwnedDirectories('pstar-ssh-', removeHosts);

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
