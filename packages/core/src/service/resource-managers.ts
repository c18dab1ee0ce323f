/** The connections of a service to resource managers, one for each URL and set of credentials. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Adaptor, NativeState, SecurityContext } from '../adaptor/adaptor.ts';
import { type CommandRunner, localCommandRunner } from '../adaptor/command-runner.ts';
import { findAdaptor } from '../adaptor/registry.ts';
import type { Clock } from '../runtime/clock.ts';
import { ensureDirectory } from '../runtime/files.ts';
import type { Log } from '../runtime/log.ts';
import { NativeJobs } from './native-jobs.ts';

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
  readonly clock: Clock;
  readonly log: Log;
  report(pilotId: string, state: NativeState): void;
}

/** The first wait before a connection is tried again; each next one is twice as long. */
const RETRY_MS_MIN = 1000;
const RETRY_MS_MAX = 300_000;

/** Connects where pilots are, once each. */
export class ResourceManagers {
  readonly #parts: ResourceManagersParts;
  readonly #runner: CommandRunner;
  readonly #connections = new Map<string, Promise<Connection>>();
  readonly #open = new Set<Connection>();
  #closed = false;

  constructor(parts: ResourceManagersParts) {
    this.#parts = parts;
    this.#runner = localCommandRunner(parts.clock);
  }

  /** @throws PilotError `ADAPTOR_NOT_FOUND`, `ADAPTOR_INCOMPATIBLE`, and what the adaptor throws. */
  connect(target: Target, signal?: AbortSignal): Promise<Connection> {
    const key = keyOf(target);
    const known = this.#connections.get(key);
    if (known !== undefined) return known;
    const connecting = this.#connect(target, key, signal);
    this.#connections.set(key, connecting);
    connecting.catch(() => this.#connections.delete(key));
    return connecting;
  }

  /** Connects for a pilot that is there already, and does not give up; undefined at the end. */
  async reconnect(target: Target): Promise<Connection | undefined> {
    for (let waitMs = RETRY_MS_MIN; !this.#closed; waitMs = Math.min(2 * waitMs, RETRY_MS_MAX)) {
      try {
        return await this.connect(target);
      } catch (error) {
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
    for (const { jobs } of this.#open) jobs.kill();
  }

  /** Native jobs live on. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled([...this.#connections.values()]);
    await Promise.allSettled([...this.#open].map(({ jobs }) => jobs.close()));
    this.#open.clear();
    await this.#runner.close();
  }

  async #connect(
    { rm, type, context }: Target,
    key: string,
    signal?: AbortSignal,
  ): Promise<Connection> {
    const { clock, log, report, adaptors } = this.#parts;
    const adaptor = await findAdaptor(type, adaptors);
    const directory = join(this.#parts.directory, `${adaptor.scheme}-${key}`);
    await ensureDirectory(directory);
    const manager = await adaptor.connect(new URL(rm), {
      clock,
      runner: this.#runner,
      directory,
      log: log.child({ adaptor: adaptor.scheme }),
      ...(context !== undefined && { security: context }),
      ...(signal !== undefined && { signal }),
    });
    const connection = { adaptor, jobs: new NativeJobs({ manager, rm, clock, log, report }) };
    this.#open.add(connection);
    return connection;
  }
}

function keyOf({ rm, type, context }: Target): string {
  // Shown as a directory's name, and to hold a password there would be to show it.
  const text = JSON.stringify([rm, type, context]);
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
