/** The directories of clusters, and how all that belongs to one is ended. */
import { rm } from 'node:fs/promises';
import { OwnedDirectories } from '../base/directories.ts';
import { killAllWith } from '../base/processes.ts';

/** In the environment of every daemon, and of all that jobs start: the directory of their cluster. */
export const MARK = 'PSTAR_GRIDENGINE_CLUSTER';
/** Likewise, where it is a host's: the cluster's directory, a slash, and the host's name. */
export const HOST_MARK = 'PSTAR_GRIDENGINE_HOST';

export const directories = new OwnedDirectories('pstar-gridengine-', removeCluster);

export async function removeCluster(directory: string): Promise<void> {
  await killAllWith([[MARK, directory]]);
  await rm(directory, { recursive: true, force: true });
}
