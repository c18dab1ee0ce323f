/** This end of a relay: a tunnel over a command's input and output, begun again when it is lost. */
import { once } from 'node:events';
import {
  performServerHandshake,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import { connect } from 'node:net';
import { pipeline } from 'node:stream';
import {
  AdaptorError,
  type Clock,
  type Log,
  type PilotError,
  shellCommand,
} from '@pstar/core/adaptor';
import { Listeners } from '../connection/listeners.ts';
import type { RemoteAddress, SshChannel, SshHost, Tunnel } from '../connection/ssh-host.ts';
import { bothWays, RELAY_SETTINGS, RELAY_WINDOW, readGreeting } from './relay-protocol.ts';

/** More than a login shell says before it comes to the command. */
const GREETING_BYTES_MAX = 1024 * 1024;
const GREETING_MS = 30_000;
const RETRY_MS = { min: 500, max: 30_000 };

/** What a relay is made with. */
export interface RelayParts {
  readonly host: SshHost;
  /** Where its connections come out here. */
  readonly to: RemoteAddress;
  /** Its program over there: Node.js and the file. */
  readonly command: readonly string[];
  /** The address over there at which agents reach it, or `own` for the one that it has. */
  readonly listen: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** A tunnel that needs nothing of the server but to run a command. */
export class RelayTunnel implements Tunnel {
  readonly kind = 'relay';
  readonly remote$ = new Listeners<RemoteAddress>();
  readonly #parts: RelayParts;
  #remote: RemoteAddress;
  #channel: SshChannel | undefined;
  #closed = false;

  private constructor(parts: RelayParts) {
    this.#parts = parts;
    this.#remote = { host: parts.listen, port: 0 };
  }

  /**
   * Settles when it listens.
   *
   * @throws PilotError when the first one cannot be started
   */
  static async open(parts: RelayParts): Promise<RelayTunnel> {
    const tunnel = new RelayTunnel(parts);
    await tunnel.#begin();
    return tunnel;
  }

  get remote(): RemoteAddress {
    return this.#remote;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#channel?.close();
  }

  async #begin(): Promise<void> {
    const { host, command, listen } = this.#parts;
    const words = [...command, listen, String(this.#remote.port)];
    const channel = await host.exec(`exec ${shellCommand(words)}`);
    try {
      const address = await this.#greeting(channel);
      this.#serve(channel);
      const before = this.#remote;
      this.#remote = address;
      if (before.port !== address.port || before.host !== address.host) {
        this.remote$.emit(address);
      }
    } catch (error) {
      channel.close();
      throw error;
    }
    this.#channel = channel;
    void channel.ended.then(() => this.#beginAgain());
    if (this.#closed) channel.close();
  }

  async #beginAgain(): Promise<void> {
    for (let waitMs = RETRY_MS.min; !this.#closed; waitMs = Math.min(2 * waitMs, RETRY_MS.max)) {
      try {
        await this.#begin();
        return;
      } catch (err) {
        this.#parts.log.warn({ host: this.#parts.host.name, err }, 'the relay cannot be started');
      }
      await new Promise<void>((resolve) =>
        this.#parts.clock.after(waitMs, resolve, { unref: true }),
      );
    }
  }

  /** Reads up to the relay's own line, and leaves what comes after it to whoever reads next. */
  async #greeting({ stream, stderr, ended }: SshChannel): Promise<RemoteAddress> {
    let errors = '';
    stderr.on('data', (chunk: Buffer) => {
      errors = `${errors}${chunk}`.slice(-2000);
    });
    const { clock, host } = this.#parts;
    const fail = (problem: string): PilotError =>
      new AdaptorError('ADAPTOR_FAILED', `the relay does not start: ${problem}`, {
        subject: host.name,
      });
    let timer: { cancel(): void } | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = clock.after(GREETING_MS, () => reject(fail('it says nothing')));
    });
    const over = ended.then(() => {
      throw fail(errors.trim() || 'it has ended');
    });
    late.catch(() => {});
    over.catch(() => {});
    try {
      let bytes = Buffer.alloc(0);
      while (bytes.length < GREETING_BYTES_MAX) {
        const chunk = stream.read() as Buffer | null;
        if (chunk === null) {
          await Promise.race([once(stream, 'readable').catch(() => over), late, over]);
          continue;
        }
        bytes = Buffer.concat([bytes, chunk]);
        const greeting = readGreeting(bytes);
        if (greeting === undefined) continue;
        if (greeting.rest.length > 0) stream.unshift(greeting.rest);
        return greeting.address;
      }
      throw fail('it says too much');
    } finally {
      timer?.cancel();
    }
  }

  #serve(channel: SshChannel): void {
    const session: ServerHttp2Session = performServerHandshake(
      bothWays(channel.stream, channel.stream),
      {
        settings: RELAY_SETTINGS,
      },
    );
    session.setLocalWindowSize(RELAY_WINDOW);
    session.on('stream', (each) => this.#pass(each));
    session.on('error', (err) => {
      this.#parts.log.debug({ host: this.#parts.host.name, err }, 'the relay is lost');
      channel.close();
    });
    session.on('close', () => channel.close());
  }

  #pass(stream: ServerHttp2Stream): void {
    const socket = connect({ ...this.#parts.to, allowHalfOpen: true, noDelay: true });
    stream.respond({ ':status': 200 });
    // How a connection ends its two ends see; there is nobody else to tell.
    pipeline(stream, socket, () => {});
    pipeline(socket, stream, () => {});
  }
}
