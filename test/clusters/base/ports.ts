/** Ports for a cluster, which no other cluster of this machine takes at the same time. */
import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { dirname, join } from 'node:path';
import { commonDirectory } from './common-directory.ts';

/** Below those that the kernel gives to whoever asks for any. */
const FIRST = 20_000;
const LAST = 32_000;
/** How many belong to one cluster. The first is never a daemon's: it stands for all. */
const BLOCK = 16;
/** In the directory of whoever has them: the first. */
const CLAIM = 'ports';

/** Ports of 127.0.0.1 that are a cluster's own. */
export interface PortBlock {
  readonly ports: readonly number[];
  /** Lets others have them, as soon as the cluster's directory is gone. */
  release(): void;
}

/**
 * Claims the first free block: by listening on its first port as long as the program lives, and by a file
 * in the cluster's directory as long as that is there. A cluster by hand outlives its program, and one whose
 * daemons are down for a moment is still to have their ports.
 */
export async function claimPorts(directory: string): Promise<PortBlock> {
  const claimed = claimedBeside(directory);
  for (let first = FIRST; first < LAST; first += BLOCK) {
    if (claimed.has(first)) continue;
    const ports = Array.from({ length: BLOCK - 1 }, (_, i) => first + 1 + i);
    const claim = await listen(first, '127.0.0.1');
    if (claim === undefined) continue;
    claim.unref();
    // Another may have had it, and have left, since the first look.
    if (!claimedBeside(directory).has(first) && (await areFree(ports))) {
      await writeFile(join(directory, CLAIM), String(first));
      return { ports, release: () => claim.close() };
    }
    claim.close();
  }
  throw new Error(`no ports are free from ${FIRST} to ${LAST}`);
}

/** The first ports of all whose directories are beside this one, or where most are. */
function claimedBeside(directory: string): ReadonlySet<number> {
  const files = [...new Set([commonDirectory(), dirname(directory)])].flatMap((parent) =>
    readdirSync(parent).map((name) => join(parent, name, CLAIM)),
  );
  return new Set(files.map(firstOf));
}

/** Not a number where there is no claim, or one that is another user's. */
function firstOf(file: string): number {
  try {
    return Number(readFileSync(file, 'utf8') || Number.NaN);
  } catch {
    return Number.NaN;
  }
}

/** What a cluster without a program leaves behind, on whatever address, has nobody who claims its block. */
async function areFree(ports: readonly number[]): Promise<boolean> {
  const servers = await Promise.all(ports.map((port) => listen(port, '0.0.0.0')));
  for (const server of servers) server?.close();
  return servers.every((server) => server !== undefined);
}

function listen(port: number, address: string): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(port, address, () => resolve(server));
  });
}
