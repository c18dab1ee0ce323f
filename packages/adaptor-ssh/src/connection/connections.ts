/**
 * The connections of this process: one for each machine, user, way and proof, however many use it,
 * for as long as somebody does.
 */
import { createHash } from 'node:crypto';
import { AdaptorError, type Clock, type Log, type SecurityContext } from '@pstar/core/adaptor';
import { createDialer, type OpenWay } from './dial.ts';
import { type Endpoint, type HopTarget, resolveEndpoint } from './endpoint.ts';
import { LeasedHost, Machine } from './machine.ts';
import { SharedConnection } from './shared-connection.ts';
import { connectError } from './ssh-errors.ts';
import type { SshHost, SshTarget } from './ssh-host.ts';

/** What connections are made with. */
export interface SshContext {
  readonly log: Log;
  readonly clock: Clock;
  readonly security?: SecurityContext;
}

interface Shared {
  readonly machine: Promise<Machine>;
  users: number;
}

/** Hands out hosts, and has those share a connection that can. */
export class SshConnections {
  readonly #shared = new Map<string, Shared>();

  /**
   * Connects to a machine, and settles when it can be used; what goes wrong is not tried again, but
   * what breaks later is.
   *
   * @throws PilotError `RESOURCE_MANAGER_UNREACHABLE`, `AUTHENTICATION_FAILED`, `URL_INVALID`
   */
  async host(target: SshTarget, context: SshContext): Promise<SshHost> {
    const { security = {} } = context;
    if (security.userCert !== undefined) {
      throw new AdaptorError('OPERATION_UNSUPPORTED', 'userCert is not supported', {
        subject: target.host,
        hint: 'use a key by userKey, or ssh-agent',
      });
    }
    const { user = security.userId, identity = security.userKey } = target;
    const whole: HopTarget = {
      ...target,
      ...(user !== undefined && { user }),
      ...(identity !== undefined && { identity }),
    };
    return await this.#lease(whole, { ...context, security }, []);
  }

  async #lease(
    target: HopTarget,
    context: Required<SshContext>,
    path: readonly string[],
  ): Promise<LeasedHost> {
    const endpoint = resolveEndpoint(target, context.log);
    const name = nameOf(endpoint);
    if (path.includes(name)) {
      throw new AdaptorError('URL_INVALID', `ProxyJump goes in circles: ${path.join(', ')}`, {
        subject: name,
        hint: "give the first of them 'ProxyJump none'",
      });
    }
    const key = keyOf(endpoint, context.security);
    const shared = this.#shared.get(key) ?? {
      machine: this.#connect(endpoint, context, [...path, name]),
      users: 0,
    };
    this.#shared.set(key, shared);
    shared.users += 1;
    const release = async () => {
      shared.users -= 1;
      if (shared.users > 0) return;
      if (this.#shared.get(key) === shared) this.#shared.delete(key);
      await shared.machine.then(
        (machine) => machine.close(),
        () => {},
      );
    };
    try {
      return new LeasedHost(await shared.machine, release);
    } catch (error) {
      await release();
      throw error;
    }
  }

  async #connect(
    endpoint: Endpoint,
    context: Required<SshContext>,
    path: readonly string[],
  ): Promise<Machine> {
    const { clock, security } = context;
    const jump = await this.#jump(endpoint, context, path);
    const openWay = jump && wayBy(jump);
    const dialer = createDialer(endpoint, security, clock, openWay);
    const connection = new SharedConnection(nameOf(endpoint), dialer, clock);
    try {
      await connection.open();
    } catch (error) {
      connection.close();
      await jump?.close();
      throw error;
    }
    return new Machine(endpoint, connection, clock, jump);
  }

  async #jump(endpoint: Endpoint, context: Required<SshContext>, path: readonly string[]) {
    const { jumps } = endpoint;
    const last = jumps.at(-1);
    if (last === undefined) return undefined;
    const target = jumps.length > 1 ? { ...last, jumps: jumps.slice(0, -1) } : last;
    // The machine between is to learn nothing that is meant for the other one.
    const { prompt } = context.security;
    const security = prompt === undefined ? {} : { prompt };
    return await this.#lease(target, { ...context, security }, path);
  }
}

function wayBy(jump: LeasedHost): OpenWay {
  return async ({ host, port }) => {
    try {
      return await jump.open({ host, port });
    } catch (cause) {
      const { message } = cause as Error;
      if (!message.includes('Channel open failure')) throw connectError(cause, jump.name);
      throw new AdaptorError(
        'RESOURCE_MANAGER_UNREACHABLE',
        `no way to ${host} port ${port}: ${message.replace(/^.*failure: /, '')}`,
        { subject: jump.name, hint: 'check the name and the port as they are there', cause },
      );
    }
  };
}

/** `user@host`, with the port where it is not 22. */
function nameOf({ user, host, port }: Endpoint): string {
  return `${user}@${host}${port === 22 ? '' : `:${port}`}`;
}

/** Whoever is let in by other means, or goes another way, has another connection. */
function keyOf(endpoint: Endpoint, { userPass = '' }: SecurityContext): string {
  const { target: _, ...rest } = endpoint;
  const secret = createHash('sha256').update(userPass).digest('base64');
  return JSON.stringify([rest, secret]);
}
