/**
 * Unix sockets over there whose connections come out here as streams; asked for again whenever the
 * connection is. The server makes them for their user alone: other users there can neither connect to one,
 * nor listen in its place, as they could with a port.
 */
import type { Duplex } from 'node:stream';
import type { RemoteFiles } from '@pstar/core/adaptor';
import type { Client } from 'ssh2';
import { streamOf } from './channel-stream.ts';
import type { SharedConnection } from './shared-connection.ts';

/** What a system takes as the name of a socket; some take a few more. */
const PATH_BYTES_MAX = 103;

/** The forwarded sockets of one connection. */
export class ForwardedSockets {
  readonly #connection: SharedConnection;
  readonly #files: RemoteFiles;
  readonly #takers = new Map<string, (stream: Duplex) => void>();
  readonly #clients = new WeakSet<Client>();
  #settled: Promise<unknown> = Promise.resolve();

  constructor(connection: SharedConnection, files: RemoteFiles) {
    this.#connection = connection;
    this.#files = files;
    connection.state$.subscribe(({ state }) => {
      if (state !== 'connected') return;
      this.#settled = Promise.all([...this.#takers.keys()].map((path) => this.#request(path)));
    });
  }

  /** Settles when, after a new connection, all of them are there again that can be had. */
  get settled(): Promise<unknown> {
    return this.#settled;
  }

  /** Whether there is one now: servers may forbid it, and not every file system has them. */
  async open(path: string, take: (stream: Duplex) => void): Promise<boolean> {
    if (Buffer.byteLength(path) > PATH_BYTES_MAX) return false;
    this.#takers.set(path, take);
    return await this.#request(path);
  }

  async close(path: string): Promise<void> {
    if (!this.#takers.delete(path) || this.#connection.state.state !== 'connected') return;
    const client = await this.#connection.client();
    await new Promise<void>((resolve) => {
      try {
        client.openssh_unforwardInStreamLocal(path, () => resolve());
      } catch {
        resolve();
      }
    });
  }

  async #request(path: string): Promise<boolean> {
    try {
      // One of a connection that was lost is still there, and in the way.
      await this.#files.remove(path);
      const client = await this.#connection.client();
      this.#listen(client);
      return await new Promise((resolve) => {
        client.openssh_forwardInStreamLocal(path, (error) => resolve(!error));
      });
    } catch {
      return false;
    }
  }

  #listen(client: Client): void {
    if (this.#clients.has(client)) return;
    this.#clients.add(client);
    client.on('unix connection', ({ socketPath }, accept, reject) => {
      const take = this.#takers.get(socketPath);
      if (take === undefined) reject();
      else take(streamOf(accept()));
    });
  }
}
