/** A port over there whose connections come out here; asked for again whenever the connection is. */
import { connect, type Socket } from 'node:net';
import { AdaptorError } from '@pstar/core/adaptor';
import type { AcceptConnection, Client, ClientChannel, TcpConnectionDetails } from 'ssh2';
import { Listeners } from './listeners.ts';
import type { SharedConnection } from './shared-connection.ts';
import { connectionLost } from './ssh-errors.ts';
import type { RemoteAddress, Tunnel } from './ssh-host.ts';

const LOOPBACK = '127.0.0.1';
/** A chunk of a large file. */
const READ_BYTES = 256 * 1024;

/** The forwarded ports of one connection. */
export class ForwardedPorts {
  readonly #connection: SharedConnection;
  readonly #tunnels = new Set<ForwardedPort>();
  readonly #clients = new WeakSet<Client>();
  readonly #before: () => Promise<unknown>;

  /** @param before what is to be there first, after a new connection: a better way, say */
  constructor(connection: SharedConnection, before: () => Promise<unknown>) {
    this.#connection = connection;
    this.#before = before;
    connection.state$.subscribe(({ state }) => {
      if (state === 'connected') void this.#again();
    });
  }

  async open(to: RemoteAddress, signal: AbortSignal): Promise<Tunnel> {
    const tunnel: ForwardedPort = new ForwardedPort(to, (port) => this.#release(tunnel, port));
    await this.#connection.client(signal);
    await this.#before();
    const client = await this.#connection.client(signal);
    this.#listen(client);
    await tunnel.request(client, this.#connection.name);
    this.#tunnels.add(tunnel);
    return tunnel;
  }

  /** Of a server that does not want to any more, nobody is told but by connections that fail. */
  async #again(): Promise<void> {
    await this.#before();
    const client = await this.#connection.client().catch(() => undefined);
    if (client === undefined) return;
    this.#listen(client);
    for (const tunnel of this.#tunnels) {
      await tunnel.request(client, this.#connection.name).catch(() => {});
    }
  }

  #listen(client: Client): void {
    if (this.#clients.has(client)) return;
    this.#clients.add(client);
    client.on(
      'tcp connection',
      (
        { destPort }: TcpConnectionDetails,
        accept: AcceptConnection<ClientChannel>,
        reject: () => void,
      ) => {
        const tunnel = [...this.#tunnels].find(({ remote }) => remote.port === destPort);
        if (tunnel === undefined) reject();
        else tunnel.take(accept, reject);
      },
    );
  }

  async #release(tunnel: ForwardedPort, port: number): Promise<void> {
    this.#tunnels.delete(tunnel);
    if (this.#connection.state.state !== 'connected') return;
    const client = await this.#connection.client();
    await new Promise<void>((resolve) => {
      try {
        client.unforwardIn(LOOPBACK, port, () => resolve());
      } catch {
        resolve();
      }
    });
  }
}

class ForwardedPort implements Tunnel {
  readonly kind = 'forwarded-port';
  readonly remote$ = new Listeners<RemoteAddress>();
  readonly #to: RemoteAddress;
  readonly #release: (port: number) => Promise<void>;
  readonly #streams = new Set<{ destroy(): unknown }>();
  #port = 0;
  #closed: Promise<void> | undefined;

  constructor(to: RemoteAddress, release: (port: number) => Promise<void>) {
    this.#to = to;
    this.#release = release;
  }

  get remote(): RemoteAddress {
    return { host: LOOPBACK, port: this.#port };
  }

  /** Asks for the port that it had, and for another one if that is taken. */
  async request(client: Client, name: string): Promise<void> {
    const before = this.#port;
    const port = await forwardIn(client, before, name).catch((error) => {
      if (before === 0 || error.code === 'CONNECTION_LOST') throw error;
      return forwardIn(client, 0, name);
    });
    this.#port = port;
    if (before !== 0 && port !== before) this.remote$.emit(this.remote);
  }

  take(accept: AcceptConnection<ClientChannel>, reject: () => void): void {
    let channel: ClientChannel;
    // Read into one buffer, and not before the channel has taken what was in it: new ones for each read
    // are memory outside of the heap, for which the engine collects all of the heap every few megabytes.
    const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
    const callback = (count: number) => {
      channel.write(buffer.subarray(0, count), () => socket.resume());
      return false;
    };
    const socket = connect({ ...this.#to, noDelay: true, onread: { buffer, callback } });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      channel = accept();
      this.#join(channel, socket);
    });
  }

  #join(channel: ClientChannel, socket: Socket): void {
    this.#streams.add(channel).add(socket);
    socket.on('end', () => channel.end());
    socket.on('error', () => channel.destroy());
    socket.on('close', () => {
      this.#streams.delete(socket);
      channel.destroy();
      // It closes only once all that has come is read.
      channel.resume();
    });
    channel.on('error', () => socket.destroy());
    channel.on('close', () => {
      this.#streams.delete(channel);
      // What has come is still to be written.
      socket.destroySoon();
    });
    channel.pipe(socket);
    socket.resume();
  }

  close(): Promise<void> {
    this.#closed ??= this.#release(this.#port).then(() => {
      for (const stream of this.#streams) stream.destroy();
    });
    return this.#closed;
  }
}

function forwardIn(client: Client, port: number, subject: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const failed = (cause: Error) => {
      const isRefusal = cause.message.startsWith('Unable to bind');
      reject(
        isRefusal
          ? new AdaptorError('OPERATION_UNSUPPORTED', 'the server forwards no port', {
              subject,
              hint: 'see AllowTcpForwarding and PermitListen in its sshd_config',
              cause,
            })
          : connectionLost(subject, cause),
      );
    };
    try {
      client.forwardIn(LOOPBACK, port, (error, bound) => (error ? failed(error) : resolve(bound)));
    } catch (cause) {
      failed(cause as Error);
    }
  });
}
