/** The connections of a service to resource managers, one for each URL and set of credentials. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Adaptor, ConnectContext, SecurityContext } from '../adaptor/adaptor.ts';
import { type CommandRunner, localCommandRunner } from '../adaptor/command-runner.ts';
import { findAdaptor } from '../adaptor/registry.ts';
import type { Clock } from '../runtime/clock.ts';
import { ensureDirectory } from '../runtime/files.ts';
import type { Log } from '../runtime/log.ts';
import { abortable } from './abort.ts';
import { NativeJobs, type NativeJobsParts } from './native-jobs.ts';
import { checkOptions } from './resource-manager-url.ts';

/** Names a connection. */
export interface Target {
  readonly rm: string;
  /** The scheme of the adaptor. */
  readonly type: string;
  readonly context: SecurityContext | undefined;
}

/** A connection with the adaptor that made it. */
export interface Connection {
  readonly adaptor: Adaptor;
  readonly jobs: NativeJobs;
}

/** What connections are made with. */
export interface ResourceManagersParts {
  readonly adaptors: readonly Adaptor[];
  /** Where adaptors keep what they want to keep. */
  readonly directory: string;
  /** Where agents call. */
  address(): ConnectContext['manager'];
  readonly clock: Clock;
  readonly log: Log;
  readonly report: NativeJobsParts['report'];
}

/** The first wait before a connection is tried again; each next one is twice as long. */
const RETRY_MS_MIN = 1000;
const RETRY_MS_MAX = 300_000;

/** Connects where pilots are, once each. */
export class ResourceManagers {
  readonly #parts: ResourceManagersParts;
  readonly #runner: CommandRunner;
  readonly #connections = new Map<string, Promise<Connection>>();
  readonly #open = new Map<string, Connection>();
  /** Why there is no connection. */
  readonly #troubles = new Map<string, string>();
  #closed = false;

  constructor(parts: ResourceManagersParts) {
    this.#parts = parts;
    this.#runner = localCommandRunner(parts.clock);
  }

  /**
   * With a signal the wait is given up, not the connection: others may wait for it.
   *
   * @throws PilotError `ADAPTOR_NOT_FOUND`, `ADAPTOR_INCOMPATIBLE`, and what the adaptor throws.
   */
  connect(target: Target, signal?: AbortSignal): Promise<Connection> {
    const key = keyOf(target);
    const connection = this.#connections.get(key) ?? this.#connect(target, key);
    this.#connections.set(key, connection);
    connection.catch(() => this.#connections.delete(key));
    return abortable(connection, signal, `connecting to ${target.rm}`);
  }

  /** Why a resource manager does not answer, as far as somebody has asked; undefined when it does. */
  troubleOf(target: Target): string | undefined {
    const key = keyOf(target);
    return this.#open.get(key)?.jobs.trouble ?? this.#troubles.get(key);
  }

  /** Connects for a pilot that is there already, and does not give up; undefined at the end. */
  async reconnect(target: Target): Promise<Connection | undefined> {
    for (let waitMs = RETRY_MS_MIN; !this.#closed; waitMs = Math.min(2 * waitMs, RETRY_MS_MAX)) {
      try {
        return await this.connect(target);
      } catch (error) {
        const words = error instanceof Error ? error.message : String(error);
        this.#troubles.set(keyOf(target), words);
        this.#parts.log.warn(
          { rm: target.rm, err: error },
          'no connection to the resource manager',
        );
      }
      await new Promise<void>((resolve) =>
        this.#parts.clock.after(waitMs, resolve, { unref: true }),
      );
    }
    return undefined;
  }

  /** Kills at once what can be. */
  kill(): void {
    for (const { jobs } of this.#open.values()) jobs.kill();
  }

  /** Native jobs live on. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled([...this.#connections.values()]);
    await Promise.allSettled([...this.#open.values()].map(({ jobs }) => jobs.close()));
    this.#open.clear();
    await this.#runner.close();
  }

  async #connect({ rm, type, context }: Target, key: string): Promise<Connection> {
    const { clock, log, report, adaptors } = this.#parts;
    const adaptor = await findAdaptor(type, adaptors);
    const url = new URL(rm);
    checkOptions(url, adaptor);
    const directory = join(this.#parts.directory, `${adaptor.scheme}-${key}`);
    await ensureDirectory(directory);
    const manager = await adaptor.connect(url, {
      clock,
      runner: this.#runner,
      manager: this.#parts.address(),
      directory,
      log: log.child({ adaptor: adaptor.scheme }),
      ...(context !== undefined && { security: context }),
    });
    const connection = { adaptor, jobs: new NativeJobs({ manager, rm, clock, log, report }) };
    this.#open.set(key, connection);
    this.#troubles.delete(key);
    return connection;
  }
}

function keyOf({ rm, type, context }: Target): string {
  // Shown as a directory's name, and to hold a password there would be to show it.
  const text = JSON.stringify([rm, type, context]);
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
