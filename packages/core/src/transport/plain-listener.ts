/** A unix socket that the user's own programs on this machine dial: see plain-link.ts. */
import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import type { Log } from '../runtime/log.ts';
import { type SocketName, socketName } from './socket-path.ts';

/** An open socket. */
export interface PlainListener {
  readonly path: string;
  /** Removes the socket; connections that were taken live on. */
  close(): void;
}

/**
 * Listens at a path that is this program's alone: what an earlier process has left there is removed.
 *
 * @param path in a directory that only this user can write to
 * @param take is given every connection, and asks whoever comes for a key
 * @returns undefined where there can be none (a file system without sockets, a full one): agents then
 * come by the port
 */
export async function listenPlain(
  path: string,
  take: (stream: Socket, peer: string) => void,
  log: Log,
): Promise<PlainListener | undefined> {
  const server = createServer((socket) => take(socket, path));
  let name: SocketName | undefined;
  try {
    rmSync(path, { force: true });
    const bound = socketName(path);
    name = bound;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(bound.name, resolve);
    });
    chmodSync(path, 0o600);
  } catch (error) {
    // It may listen already, under a mode that could not be set.
    server.close();
    name?.release();
    log.debug({ path, problem: (error as Error).message }, 'no socket for agents of this machine');
    return undefined;
  }
  server.on('error', (error) => log.warn({ problem: error.message }, 'accepting failed'));
  return {
    path,
    close: () => {
      // The name is needed until it is removed, which is before this returns.
      server.close();
      name?.release();
    },
  };
}
