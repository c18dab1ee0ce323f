/**
 * The directories of clusters: whose each is, and how all that belongs to one is ended, also by a later
 * program.
 */
import { readdirSync, statSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { statOf } from '../../../packages/core/src/adaptor/local-process.ts';
import { killAllWith, lives } from './processes.ts';

/** Then comes whose it is, and what mkdtemp adds. */
const PREFIX = 'pstar-slurm-';
/** In the environment of every daemon: the directory of its cluster. */
export const MARK = 'PSTAR_SLURM_CLUSTER';
/** What Slurm's sockets may add to the directory's path, within the 107 characters of the kernel. */
const DIRECTORY_MAX = 80;

/** Makes one that is this program's, or, by hand, nobody's. Left behind elsewhere, it is its parent's to end. */
export async function makeDirectory(byHand: boolean, parent = tmpdir()): Promise<string> {
  const prefix = join(parent, `${PREFIX}${byHand ? 'by-hand' : ownName()}-`);
  if (prefix.length > DIRECTORY_MAX) {
    throw new Error(`${prefix} is too long for unix sockets; set TMPDIR to something shorter`);
  }
  return mkdtemp(prefix);
}

/** Ends the clusters that were started to live on, and says which they were. */
export async function endByHand(): Promise<string[]> {
  const directories = clusterDirectories().filter((path) => path.includes(`${PREFIX}by-hand-`));
  await Promise.all(directories.map(removeCluster));
  return directories;
}

/** Names this program in a way that no later one will have. */
function ownName(): string {
  return `${process.pid}-${statOf(process.pid)?.start}`;
}

/** This user's; another's are as good as not there. */
function clusterDirectories(): string[] {
  const names = readdirSync(tmpdir()).filter((name) => name.startsWith(PREFIX));
  const paths = names.map((name) => join(tmpdir(), name));
  const user = process.getuid?.();
  return paths.filter((path) => statSync(path, { throwIfNoEntry: false })?.uid === user);
}

/** What has no program any more: it was killed, as a clean end removes everything. */
export async function endLeftOver(): Promise<void> {
  const dead = clusterDirectories().filter((path) => {
    const [, pid, start] = /-(\d+)-(\d+)-[^-]+$/.exec(path) ?? [];
    return pid !== undefined && !lives(Number(pid), Number(start));
  });
  await Promise.all(dead.map(removeCluster));
}

/** Idempotent, and two programs may do it at once: no directory's name is ever used again. */
export async function removeCluster(directory: string): Promise<void> {
  const names = await readdir(directory).catch(() => []);
  const nodes = names.filter((name) => /^n\d+\.conf$/.test(name));
  const confs = nodes.map((name) => ['SLURM_CONF', join(directory, name)] as const);
  await killAllWith([[MARK, directory], ...confs]);
  await rm(directory, { recursive: true, force: true });
}
