/** Ports for a cluster, which no other cluster of this machine takes at the same time. */
import { createServer, type Server } from 'node:net';

/** Below those that the kernel gives to whoever asks for any. */
const FIRST = 20_000;
const LAST = 32_000;
/** How many belong to one cluster. The first is never a daemon's: it stands for all. */
const BLOCK = 16;

/** Ports of 127.0.0.1 that are a cluster's own. */
export interface PortBlock {
  readonly ports: readonly number[];
  /** Lets others have them. They do by themselves when this program ends. */
  release(): void;
}

/** Claims the first free block, by listening on its first port as long as the program lives. */
export async function claimPorts(): Promise<PortBlock> {
  for (let first = FIRST; first < LAST; first += BLOCK) {
    const ports = Array.from({ length: BLOCK - 1 }, (_, i) => first + 1 + i);
    const claim = await listen(first, '127.0.0.1');
    if (claim === undefined) continue;
    claim.unref();
    if (await areFree(ports)) return { ports, release: () => claim.close() };
    claim.close();
  }
  throw new Error(`no ports are free from ${FIRST} to ${LAST}`);
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
