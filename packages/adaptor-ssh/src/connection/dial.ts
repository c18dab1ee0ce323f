/** Makes one connection: the way there, the machine's key, the user's proof. Does not make a lost one again. */
import type { Duplex } from 'node:stream';
import type { Clock, PilotError, SecurityContext } from '@pstar/core/adaptor';
import ssh2, { type Algorithms, type Client, type ConnectConfig } from 'ssh2';
import { Authentication } from './authentication.ts';
import { Credentials } from './credentials.ts';
import { type Endpoint, placeOf } from './endpoint.ts';
import { HostKeyCheck } from './host-key-check.ts';
import { packetSocket } from './packet-socket.ts';
import { ProxyCommand } from './proxy-command.ts';
import { aborted, connectError, connectTimeout, hungUp } from './ssh-errors.ts';

/** What it takes to make connections to one endpoint, again and again. */
export interface Dialer {
  /** One attempt; the client is ready, and has a listener for its errors. */
  dial(signal: AbortSignal): Promise<Client>;
}

/** The way to an endpoint by another machine. */
export type OpenWay = (to: { readonly host: string; readonly port: number }) => Promise<Duplex>;

/** Makes a dialer; it remembers what the user has said, so as not to ask again. */
export function createDialer(
  endpoint: Endpoint,
  security: SecurityContext,
  clock: Clock,
  openWay?: OpenWay,
): Dialer {
  let watch: Stopwatch | undefined;
  const credentials = new Credentials(security, endpoint, async (asking) => {
    watch?.stop();
    try {
      return await asking;
    } finally {
      watch?.start();
    }
  });
  return {
    dial: async (signal) => {
      const { connectTimeoutMs, host } = endpoint;
      const attempt = new Attempt(endpoint, new Authentication(endpoint, credentials));
      // The time that a user takes to find a password must not count as a machine that does not answer.
      watch = new Stopwatch(clock, connectTimeoutMs, () => {
        attempt.fail(connectTimeout(connectTimeoutMs, placeOf(endpoint)));
      });
      const onAbort = () => attempt.fail(aborted(host));
      signal.addEventListener('abort', onAbort, { once: true });
      watch.start();
      try {
        return await attempt.run(openWay);
      } finally {
        watch.stop();
        watch = undefined;
        signal.removeEventListener('abort', onAbort);
      }
    },
  };
}

/** Rings once when it has run for so long. */
class Stopwatch {
  readonly #clock: Clock;
  readonly #ring: () => void;
  readonly #ms: number;
  #timer: { cancel(): void } | undefined;

  constructor(clock: Clock, ms: number, ring: () => void) {
    this.#clock = clock;
    this.#ms = ms;
    this.#ring = ring;
  }

  start(): void {
    this.stop();
    this.#timer = this.#clock.after(this.#ms, this.#ring);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}

class Attempt {
  readonly #endpoint: Endpoint;
  readonly #authentication: Authentication;
  readonly #client: Client = new ssh2.Client();
  readonly #where: string;
  #way: Duplex | undefined;
  #reject: (error: PilotError) => void = () => {};
  #failed: PilotError | undefined;

  constructor(endpoint: Endpoint, authentication: Authentication) {
    this.#endpoint = endpoint;
    this.#authentication = authentication;
    this.#where = placeOf(endpoint);
  }

  fail(error: PilotError): void {
    this.#failed ??= error;
    this.#reject(this.#failed);
    this.#client.destroy();
    this.#way?.destroy();
  }

  run(openWay: OpenWay | undefined): Promise<Client> {
    return new Promise((resolve, reject) => {
      this.#reject = reject;
      const client = this.#client;
      client.on('error', (error: Error & { level?: string }) => {
        // A key of the agent that does not sign is one of those that were tried.
        if (error.level === 'agent') return;
        const isRefusal =
          error.level === 'client-authentication' || /too many auth/i.test(error.message);
        this.fail(isRefusal ? this.#authentication.refusal() : connectError(error, this.#where));
      });
      client.once('close', () => this.fail(connectError(hungUp(), this.#where)));
      client.once('ready', () => resolve(client));
      this.#open(openWay).then(
        (way) => {
          this.#way = way;
          if (this.#failed === undefined) this.#connect(way);
          else way.destroy();
        },
        (error) => this.fail(connectError(error, this.#where)),
      );
    });
  }

  #connect(sock: Duplex): void {
    const { host, port, user, hostKeyAlias: alias, knownHosts, algorithms } = this.#endpoint;
    try {
      const check = new HostKeyCheck({
        host,
        port,
        alias,
        files: knownHosts,
        shownAs: this.#where,
      });
      const { serverHostKey, ordered, ...others } = algorithms;
      const offer = ordered ? [...serverHostKey] : check.order(serverHostKey);
      const config: ConnectConfig = {
        sock,
        username: user,
        algorithms: { ...others, serverHostKey: offer } as unknown as Algorithms,
        authHandler: this.#authentication.handler as NonNullable<ConnectConfig['authHandler']>,
        readyTimeout: 0,
        keepaliveInterval: this.#endpoint.keepaliveMs,
        keepaliveCountMax: this.#endpoint.keepaliveCount,
        hostVerifier: (key: Buffer) => {
          const refusal = check.refusal(key);
          if (refusal !== undefined) this.fail(refusal);
          return refusal === undefined;
        },
      };
      this.#client.connect(config);
    } catch (error) {
      this.fail(connectError(error, this.#where));
    }
  }

  async #open(openWay: OpenWay | undefined): Promise<Duplex> {
    const { host, port, proxyCommand, family, localAddress } = this.#endpoint;
    if (openWay !== undefined) return await openWay({ host, port });
    if (proxyCommand !== undefined) return new ProxyCommand(proxyCommand);
    const to = { host, port, family, ...(localAddress && { localAddress }) };
    const { socket, readsIn } = packetSocket(to);
    this.#way = socket;
    this.#client.on('handshake', ({ sc }) => readsIn(sc.cipher));
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve).once('error', reject);
    });
    return socket;
  }
}
