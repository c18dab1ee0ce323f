/**
 * Accepts encrypted links from those who have a key, and lets nobody else cost much: strangers are
 * few, have little time, and learn nothing from how they are turned away.
 */

import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { EventEmitter } from 'eventemitter3';
import { assert } from '../model/assert.ts';
import { PilotError } from '../model/errors.ts';
import { systemClock, type Timer } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { randomSecret } from '../runtime/random.ts';
import type { Link } from './link.ts';
import { admitPlain } from './plain-link.ts';
import { SocketLink } from './socket-link.ts';
import { endpoint, PSK_TLS, remoteEnd } from './tls-options.ts';

/** Where to listen, and whom to believe. */
export interface ListenOptions {
  /** Loopback unless said otherwise. */
  readonly host?: string;
  /** 0, the default, lets the system choose. */
  readonly port?: number;
  /** The key of an identity; asked at every handshake, so a key can be withdrawn. */
  readonly keyFor: (identity: string) => Uint8Array | undefined;
  readonly log: Log;
  /** How long a connection may take to prove that it has the key; 10 s by default. */
  readonly handshakeTimeoutMs?: number;
  /** How many may be about to prove it at once, by default 512; one more is turned away. */
  readonly maxStrangers?: number;
}

/** What a listener tells. */
export interface ListenerEvents {
  /** Somebody has proved to have the key of `identity`. */
  link(link: Link, identity: string): void;
}

/** An open port. */
export interface Listener extends Pick<EventEmitter<ListenerEvents>, 'on' | 'once' | 'off'> {
  readonly host: string;
  readonly port: number;
  /**
   * Takes a connection that came by another way than the port, and that nobody but the user can have
   * made: it is not encrypted, and has to show a key like every other.
   */
  admit(stream: Duplex, peer: string): void;
  /** Frees the port and turns strangers away; links that were accepted live on. */
  close(): void;
}

/**
 * Opens a port for TLS-PSK links.
 *
 * @throws PilotError `PERMISSION_DENIED`, `ALREADY_EXISTS` (the port is taken) or `NOT_FOUND` (this
 * machine has no such address).
 */
export async function listenTls(options: ListenOptions): Promise<Listener> {
  const { host = '127.0.0.1', port = 0 } = options;
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(listenError(cause, endpoint(host, port))));
    server.listen({ host, port }, resolve);
  });
  return new TlsListener(server, options);
}

/** A connection that has not yet proved to have a key. */
interface Stranger {
  readonly socket: Socket;
  /** Its time to do so. */
  readonly timer: Timer;
}

class TlsListener extends EventEmitter<ListenerEvents> implements Listener {
  readonly host: string;
  readonly port: number;
  readonly #server: Server;
  readonly #log: Log;
  readonly #keyFor: ListenOptions['keyFor'];
  readonly #handshakeTimeoutMs: number;
  readonly #maxStrangers: number;
  /** Connections without a proof, by their other end: the only name that TLS leaves them. */
  readonly #strangers = new Map<string, Stranger>();
  readonly #identities = new WeakMap<TLSSocket, string>();

  constructor(server: Server, options: ListenOptions) {
    super();
    const { address, port } = server.address() as AddressInfo;
    this.host = address;
    this.port = port;
    this.#server = server;
    this.#log = options.log;
    this.#keyFor = options.keyFor;
    this.#handshakeTimeoutMs = options.handshakeTimeoutMs ?? 10_000;
    this.#maxStrangers = options.maxStrangers ?? 512;

    // It does not listen itself, so that a stranger can be turned away before TLS costs anything.
    const tls = createTlsServer({
      ...PSK_TLS,
      pskCallback: (socket, identity) => this.#keyOf(socket, identity),
    });
    tls.on('secureConnection', (socket) => this.#admit(socket));
    tls.on('tlsClientError', (error, socket) => {
      this.#log.debug({ peer: remoteEnd(socket), problem: error.message }, 'a handshake failed');
    });
    server.on('error', (error) => this.#log.warn({ problem: error.message }, 'accepting failed'));
    server.on('connection', (socket) => {
      if (this.#receive(socket)) tls.emit('connection', socket);
    });
  }

  close(): void {
    this.#server.close();
    for (const { socket } of this.#strangers.values()) socket.destroy();
  }

  admit(stream: Duplex, peer: string): void {
    const options = {
      keyFor: this.#keyFor,
      log: this.#log,
      timeoutMs: this.#handshakeTimeoutMs,
    };
    void admitPlain(stream, peer, options).then((admitted) => {
      if (admitted !== undefined) this.emit('link', admitted.link, admitted.identity);
    });
  }

  /** Gives a stranger its time, or turns it away. */
  #receive(socket: Socket): boolean {
    const peer = remoteEnd(socket);
    if (socket.remoteAddress === undefined || this.#strangers.size >= this.#maxStrangers) {
      this.#log.debug({ peer }, 'turned away: gone already, or one stranger too many');
      socket.destroy();
      return false;
    }
    // For all of the handshake: Node's own limit begins anew with each byte that drips in.
    const timer = systemClock.after(this.#handshakeTimeoutMs, () => socket.destroy());
    const stranger = { socket, timer };
    this.#strangers.set(peer, stranger);
    socket.once('close', () => {
      timer.cancel();
      // The other end may be back from the same port before we hear that it left.
      if (this.#strangers.get(peer) === stranger) this.#strangers.delete(peer);
    });
    return true;
  }

  #keyOf(socket: TLSSocket, identity: string): Uint8Array {
    this.#identities.set(socket, identity);
    // Nobody knows this key: an unknown identity fails just as a wrong key does, at the same point.
    return this.#keyFor(identity) ?? randomSecret(32);
  }

  #admit(socket: TLSSocket): void {
    const peer = remoteEnd(socket);
    const identity = this.#identities.get(socket);
    assert(identity !== undefined, 'a handshake without a key succeeded');
    this.#strangers.get(peer)?.timer.cancel();
    this.#strangers.delete(peer);
    this.emit('link', new SocketLink(socket, peer, this.#log), identity);
  }
}

function listenError(cause: NodeJS.ErrnoException, subject: string): PilotError {
  if (cause.code === 'EACCES') {
    const hint = 'ports below 1024 are the administrator’s; choose another, or 0 for any';
    return new PilotError('PERMISSION_DENIED', 'may not listen here', { subject, hint, cause });
  }
  if (cause.code === 'EADDRINUSE') {
    const hint = 'choose another port, or 0 for any';
    return new PilotError('ALREADY_EXISTS', 'the port is taken', { subject, hint, cause });
  }
  const hint = 'name an address of this machine';
  return new PilotError('NOT_FOUND', `cannot listen: ${cause.message}`, { subject, hint, cause });
}
