/** What tests of connections have in common: a client without a home of anybody's, and hosts. */
import { SshConnections } from '../../../packages/adaptor-ssh/src/connection/connections.ts';
import type {
  SshHost as ConnectedHost,
  SshState,
  SshTarget,
} from '../../../packages/adaptor-ssh/src/connection/ssh-host.ts';
import type { SecurityContext } from '../../../packages/core/src/adaptor.ts';
import { systemClock } from '../../../packages/core/src/runtime/clock.ts';
import type { SshHosts } from '../../clusters/ssh/hosts.ts';

/** Connects as the hosts' own client does. */
export class Client {
  readonly said: string[] = [];
  readonly #connections = new SshConnections();
  readonly #hosts: SshHosts;
  readonly #open: ConnectedHost[] = [];

  constructor(hosts: SshHosts) {
    this.#hosts = hosts;
  }

  async connect(
    host: string,
    security: SecurityContext = {},
    target: Partial<SshTarget> = {},
  ): Promise<ConnectedHost> {
    const say = (entry: unknown) => void this.said.push(String(entry));
    const log = { debug: say, info: say, warn: say, error: say } as never;
    const context = { log, clock: systemClock, security };
    const connected = await this.#connections.host(
      { host, config: this.#hosts.config, ...target },
      context,
    );
    this.#open.push(connected);
    return connected;
  }

  /** Lets go of all connections. */
  async close(): Promise<void> {
    await Promise.all(this.#open.splice(0).map((host) => host.close()));
  }
}

/** Settles when a connection comes into a state. */
export function becomes(host: ConnectedHost, state: SshState['state']): Promise<SshState> {
  return new Promise((resolve) => {
    const subscription = host.state$.subscribe((now) => {
      if (now.state !== state) return;
      subscription.unsubscribe();
      resolve(now);
    });
  });
}
