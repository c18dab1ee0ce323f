/**
 * A machine that is reached by ssh, as the rest of this package sees it. What an ssh connection is,
 * how it is made and that it may be another one after a while is known below.
 */
import type { Duplex, Readable } from 'node:stream';
import type { CommandRunner, PilotError, Subscribable } from '@pstar/core/adaptor';

/** A machine to connect to, as somebody has named it; ssh's configuration says the rest. */
export interface SshTarget {
  /** A name or an address, or an alias in the configuration. */
  readonly host: string;
  readonly user?: string;
  readonly port?: number;
  /** In place of `~/.ssh/config`, and of the system's. */
  readonly config?: string;
  /** In place of `~/.ssh/known_hosts`, and of what the configuration names. */
  readonly knownHosts?: string;
  /** A private key that is tried before all others. */
  readonly identity?: string;
}

/** An address on the far side. */
export interface RemoteAddress {
  readonly host: string;
  readonly port: number;
}

/** How it is with a connection. */
export type SshState =
  | { readonly state: 'connected' }
  /** It was lost, and is tried again by itself; `error` says why it has not come back yet. */
  | {
      readonly state: 'reconnecting';
      readonly error: PilotError;
      /** How long it waits before it tries again. */
      readonly waitMs?: number;
    }
  | { readonly state: 'closed' };

/** How a command over a channel has ended; neither when the connection took it along. */
export interface ChannelEnd {
  readonly exitCode?: number;
  /** `SIGTERM` */
  readonly signal?: string;
}

/** A command that runs over there, its input and output as streams. */
export interface SshChannel {
  /** Its standard input (end it to close it) and its standard output. */
  readonly stream: Duplex;
  readonly stderr: Readable;
  /** Never rejects. */
  readonly ended: Promise<ChannelEnd>;
  /** Closes the channel; with it, as a rule, the command loses its input and output, and ends. */
  close(): void;
}

/** A way for connections from over there to an address here. */
export interface Tunnel {
  readonly kind: 'forwarded-port' | 'relay';
  /** Where it is to be dialed over there, now. */
  readonly remote: RemoteAddress;
  /** The new {@link Tunnel.remote}, each time that it has become another one. */
  readonly remote$: Subscribable<RemoteAddress>;
  /** Idempotent; connections through it end. */
  close(): Promise<void>;
}

/**
 * A machine reached by ssh. Its connection is shared with all who asked for the same one; it is made
 * again by itself when it is lost, as often as it takes, until {@link SshHost.close}.
 *
 * While it is lost, all that is asked for waits for it, for as long as its time-out allows; what was
 * under way is rejected with `CONNECTION_LOST`, unless doing it again cannot do harm.
 */
export interface SshHost {
  /** `user@host`, with the port where it is not 22; for messages. */
  readonly name: string;
  /** Its name as it was resolved, without user and port. */
  readonly host: string;
  readonly user: string;
  /**
   * Runs commands over there, and has its `files`; closing it closes this. A connection has a number
   * of sessions: what exceeds them waits.
   */
  readonly runner: CommandRunner;
  /** As it is now. */
  readonly state: SshState;
  /** Every change from now on; `connected` is a new connection. */
  readonly state$: Subscribable<SshState>;
  /** Has a connection that was lost tried soon, however long it was to wait: somebody needs it now. */
  hurry(): void;
  /**
   * Starts a line of the login shell over there, and gives its channel. The channel takes one of the
   * connection's sessions for as long as it is open, and ends with the connection.
   *
   * @throws PilotError `CONNECTION_LOST`, `TIMEOUT`
   */
  exec(commandLine: string): Promise<SshChannel>;
  /**
   * Has connections to a port of the loopback interface over there come out at an address here. The
   * port is asked for again after the connection was lost, the same if it can be had.
   *
   * @throws PilotError `OPERATION_UNSUPPORTED` when the server forbids it; `CONNECTION_LOST`
   */
  forward(to: RemoteAddress): Promise<Tunnel>;
  /**
   * Makes a unix socket over there, which only its user can connect to, and takes each connection to
   * it. Like a port it is asked for again. Settles with whether there is one: without it nothing is lost.
   */
  listen(path: string, take: (stream: Duplex) => void): Promise<boolean>;
  /** Connections that were taken live on. */
  unlisten(path: string): Promise<void>;
  /** Lets go of the connection, which ends with its last user. Idempotent. */
  close(): Promise<void>;
}
