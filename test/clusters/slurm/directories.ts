/** The directories of clusters, and how all that belongs to one is ended. */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { OwnedDirectories } from '../base/directories.ts';
import { killAllWith } from '../base/processes.ts';

/** In the environment of every daemon: the directory of its cluster. */
export const MARK = 'PSTAR_SLURM_CLUSTER';
/** What Slurm's sockets may add to the directory's path, within the 107 characters of the kernel. */
const DIRECTORY_MAX = 86;

export const directories = new OwnedDirectories('pstar-slurm-', removeCluster);

/** Makes one in which sockets can be. */
export async function makeDirectory(byHand: boolean, parent?: string): Promise<string> {
  const directory = await directories.make(byHand, parent);
  if (directory.length <= DIRECTORY_MAX) return directory;
  await rm(directory, { recursive: true });
  throw new Error(`${directory} is too long for unix sockets; set TMPDIR to something shorter`);
}

export async function removeCluster(directory: string): Promise<void> {
  const names = await readdir(directory).catch(() => []);
  const nodes = names.filter((name) => /^n\d+\.conf$/.test(name));
  const confs = nodes.map((name) => ['SLURM_CONF', join(directory, name)] as const);
  await killAllWith([[MARK, directory], ...confs]);
  await rm(directory, { recursive: true, force: true });
}
