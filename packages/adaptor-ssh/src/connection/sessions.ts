/** Opens sessions on a connection that may have to come back first, a bounded number at a time. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { AdaptorError } from '@pstar/core/adaptor';
import type { Client, ClientChannel, SFTPWrapper } from 'ssh2';
import { SessionGate } from './session-gate.ts';
import type { SharedConnection } from './shared-connection.ts';
import { connectionLost } from './ssh-errors.ts';

type Done<T> = (error: Error | undefined, session: T) => void;

/** What ssh2 says when a server did not open a session, or did not start what was asked for in it. */
type OpenError = Error & { readonly reason?: unknown };

/**
 * Milliseconds until a server is asked again that refuses the only session: it counts one that is closed
 * until its process has ended, which for sftp comes after our close.
 */
const FULL_PAUSES = [20, 50, 100, 200, 500, 1_000, 2_000];

/** The sessions of one connection. */
export class Sessions {
  /** For messages: the host. */
  readonly name: string;
  readonly #connection: SharedConnection;
  readonly #gate: SessionGate;
  #hasOpened = false;

  constructor(name: string, connection: SharedConnection, onCrowded: () => void) {
    this.name = name;
    this.#connection = connection;
    this.#gate = new SessionGate(onCrowded);
  }

  /** Starts a line of the login shell. */
  async exec(commandLine: string, signal?: AbortSignal): Promise<ClientChannel> {
    return await this.#open('a command', signal, (client, done: Done<ClientChannel>) => {
      client.exec(commandLine, done);
    });
  }

  async sftp(signal?: AbortSignal): Promise<SFTPWrapper> {
    return await this.#open('the sftp subsystem', signal, (client, done: Done<SFTPWrapper>) => {
      client.sftp(done);
    });
  }

  close(): void {
    this.#gate.close(connectionLost(this.name));
  }

  async #open<T extends ClientChannel | SFTPWrapper>(
    what: string,
    signal: AbortSignal | undefined,
    start: (client: Client, done: Done<T>) => void,
  ): Promise<T> {
    const pauses = FULL_PAUSES.values();
    for (;;) {
      await this.#gate.enter(signal);
      let client: Client | undefined;
      try {
        client = await this.#connection.client(signal);
        const session = await started(client, start);
        session.once('close', () => this.#gate.leave());
        this.#hasOpened = true;
        return session;
      } catch (error) {
        const isFull = (error as OpenError).reason !== undefined;
        const goesOn = isFull && this.#gate.refused();
        this.#gate.leave();
        if (client === undefined) throw error;
        if (isFull && !goesOn) {
          const pause = this.#hasOpened ? pauses.next().value : undefined;
          if (pause === undefined) throw this.#refusal(error);
          await sleep(pause, undefined, { signal });
        }
        if (!isFull) await this.#notStarted(what, client, error as Error);
      }
    }
  }

  /** Settles when it can be tried again, because nothing can have been started. */
  async #notStarted(what: string, client: Client, cause: Error): Promise<void> {
    if (/^(No response from server|Not connected)/.test(cause.message)) {
      if (this.#connection.isCurrent(client)) await once(client, 'close');
      return;
    }
    if (!this.#connection.isCurrent(client)) throw connectionLost(this.name, cause);
    // What is printed before the protocol begins is read as the length of a packet.
    const hint = /packet/i.test(cause.message)
      ? 'what ~/.bashrc there prints in shells that are not interactive gets in its way'
      : 'see Subsystem and ForceCommand in its sshd_config';
    const subject = this.name;
    const problem = `the server does not start ${what}`;
    throw new AdaptorError('OPERATION_UNSUPPORTED', problem, { subject, hint, cause });
  }

  #refusal(cause: unknown): AdaptorError {
    return new AdaptorError('TRY_LATER', 'the server opens no session', {
      subject: this.name,
      hint: 'see MaxSessions in its sshd_config',
      cause,
    });
  }
}

function started<T>(client: Client, start: (client: Client, done: Done<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    start(client, (error, session) => {
      if (error) reject(error);
      else resolve(session);
    });
  });
}
