/** A machine with a connection to it, and what one of its users holds of that. */
import type { Duplex } from 'node:stream';
import {
  AdaptorError,
  type Clock,
  type CommandOptions,
  type CommandRunner,
  type Subscribable,
} from '@pstar/core/adaptor';
import type { ClientChannel } from 'ssh2';
import type { Endpoint } from './endpoint.ts';
import { ForwardedPorts } from './forwarded-port.ts';
import { ForwardedSockets } from './forwarded-sockets.ts';
import { runRemotely } from './remote-runner.ts';
import { Sessions } from './sessions.ts';
import { SftpFiles } from './sftp-files.ts';
import { SftpSession } from './sftp-session.ts';
import type { SharedConnection } from './shared-connection.ts';
import type {
  ChannelEnd,
  RemoteAddress,
  SshChannel,
  SshHost,
  SshState,
  Tunnel,
} from './ssh-host.ts';

/** How long something may wait for the connection. */
const PATIENCE_MS = 60_000;

/** All that is done by one connection. */
export class Machine {
  readonly endpoint: Endpoint;
  readonly connection: SharedConnection;
  readonly clock: Clock;
  readonly sessions: Sessions;
  readonly files: SftpFiles;
  readonly sockets: ForwardedSockets;
  readonly ports: ForwardedPorts;
  readonly #sftp: SftpSession;
  readonly #jump: LeasedHost | undefined;

  constructor(
    endpoint: Endpoint,
    connection: SharedConnection,
    clock: Clock,
    jump: LeasedHost | undefined,
  ) {
    this.endpoint = endpoint;
    this.connection = connection;
    this.clock = clock;
    this.#jump = jump;
    this.sessions = new Sessions(endpoint.target.host, connection, () => this.#sftp.end());
    this.#sftp = new SftpSession(connection.name, clock, () =>
      this.within((signal) => this.sessions.sftp(signal)),
    );
    this.files = new SftpFiles(this.#sftp, endpoint.target.host);
    this.sockets = new ForwardedSockets(connection, this.files);
    this.ports = new ForwardedPorts(connection, () => this.sockets.settled);
  }

  /** Has something that waits for the connection not wait for ever. */
  async within<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const over = new AbortController();
    const timer = this.clock.after(PATIENCE_MS, () => {
      const { state } = this.connection;
      const problem = `no session in ${PATIENCE_MS / 1000} s`;
      const subject = this.connection.name;
      const cause = state.state === 'reconnecting' ? state.error : undefined;
      over.abort(new AdaptorError('TIMEOUT', problem, { subject, cause }));
    });
    try {
      return await work(over.signal);
    } finally {
      timer.cancel();
    }
  }

  /** On all of the way there. */
  hurry(): void {
    this.#jump?.hurry();
    this.connection.hurry();
  }

  async close(): Promise<void> {
    this.sessions.close();
    this.connection.close();
    await this.#jump?.close();
  }
}

/** A machine as one of its users has it. */
export class LeasedHost implements SshHost {
  readonly runner: CommandRunner;
  readonly #machine: Machine;
  readonly #release: () => Promise<void>;
  readonly #tunnels = new Set<Tunnel>();
  readonly #sockets = new Set<string>();
  #closed: Promise<void> | undefined;

  constructor(machine: Machine, release: () => Promise<void>) {
    this.#machine = machine;
    this.#release = release;
    const { sessions, clock, files } = machine;
    this.runner = {
      host: machine.endpoint.target.host,
      files,
      run: (command: readonly string[], options?: CommandOptions) =>
        runRemotely(sessions, clock, command, options),
      close: () => this.close(),
    };
  }

  get name(): string {
    return this.#machine.connection.name;
  }

  get host(): string {
    return this.#machine.endpoint.host;
  }

  get user(): string {
    return this.#machine.endpoint.user;
  }

  get state(): SshState {
    return this.#machine.connection.state;
  }

  get state$(): Subscribable<SshState> {
    return this.#machine.connection.state$;
  }

  hurry(): void {
    this.#machine.hurry();
  }

  async exec(commandLine: string): Promise<SshChannel> {
    const { sessions } = this.#machine;
    return asChannel(await this.#machine.within((signal) => sessions.exec(commandLine, signal)));
  }

  async forward(to: RemoteAddress): Promise<Tunnel> {
    const tunnel = await this.#machine.within((signal) => this.#machine.ports.open(to, signal));
    this.#tunnels.add(tunnel);
    return tunnel;
  }

  async listen(path: string, take: (stream: Duplex) => void): Promise<boolean> {
    this.#sockets.add(path);
    return await this.#machine.sockets.open(path, take);
  }

  async unlisten(path: string): Promise<void> {
    if (this.#sockets.delete(path)) await this.#machine.sockets.close(path);
  }

  /** A stream to an address that is dialed from there. */
  async open({ host, port }: RemoteAddress): Promise<Duplex> {
    const client = await this.#machine.within((signal) => this.#machine.connection.client(signal));
    return await new Promise((resolve, reject) => {
      client.forwardOut('127.0.0.1', 0, host, port, (error, stream) => {
        if (error) reject(error);
        else resolve(stream);
      });
    });
  }

  close(): Promise<void> {
    const ways = [
      ...[...this.#sockets].map((path) => this.unlisten(path)),
      ...[...this.#tunnels].map((tunnel) => tunnel.close()),
    ];
    this.#closed ??= Promise.all(ways).then(() => this.#release());
    return this.#closed;
  }
}

function asChannel(stream: ClientChannel): SshChannel {
  const ended = new Promise<ChannelEnd>((resolve) => {
    stream.once('close', (exitCode?: number | null, signal?: string) => {
      if (typeof exitCode === 'number') resolve({ exitCode });
      else resolve(signal === undefined ? {} : { signal });
    });
  });
  return { stream, stderr: stream.stderr, ended, close: () => stream.close() };
}
