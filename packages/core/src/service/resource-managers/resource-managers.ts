/** The connections of a service to resource managers, one for each URL and set of credentials. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type {
  Adaptor,
  ConnectContext,
  Gateway,
  ResourceManager,
  SecurityContext,
  SecurityPrompt,
} from '../../adaptor/adaptor.ts';
import { type CommandRunner, localCommandRunner } from '../../adaptor/command-runner.ts';
import { PlacedLaunches } from '../../adaptor/placed-launches.ts';
import { findAdaptors } from '../../adaptor/registry.ts';
import { FarLaunches, throughGateway } from '../../adaptor/through-gateway.ts';
import { messageOf } from '../../model/message-of.ts';
import { abortable } from '../../runtime/abort.ts';
import type { Clock } from '../../runtime/clock.ts';
import { ensureDirectory } from '../../runtime/files.ts';
import type { Log } from '../../runtime/log.ts';
import { sharedAbort } from '../../runtime/shared-abort.ts';
import type { Listening } from '../agents/agent-listener.ts';
import { Answers, letGo, SILENT_MS, saidIfSlow, within } from './answers.ts';
import { asked, heldGateway, heldToContract } from './contract.ts';
import { keptCredentials } from './credentials.ts';
import { NativeJobs, type NativeJobsParts } from './native-jobs.ts';
import { checkOptions, divideOptions } from './resource-manager-url.ts';

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
  readonly answers: Answers;
  /** Where its launches are brought through a gateway. */
  readonly far?: FarLaunches;
}

/** What connections are made with. */
export interface ResourceManagersParts {
  readonly adaptors: readonly Adaptor[];
  /** Where adaptors keep what they want to keep. */
  readonly directory: string;
  /** Where agents are listened for. */
  listening(): Listening;
  /** Answers for credentials that have nobody of their own to ask. */
  readonly prompt?: SecurityPrompt | undefined;
  /** What keeps a resource manager from being connected, or that nothing does any more. */
  troubled?(target: Target, words: string | undefined): void;
  readonly clock: Clock;
  readonly log: Log;
  readonly report: NativeJobsParts['report'];
}

/** The first wait before a connection is tried again; each next one is twice as long. */
const RETRY_MS_MIN = 1000;
const RETRY_MS_MAX = 300_000;
/** Letting go takes no longer, with connections that are still being made; a gateway's comes last. */
const LET_GO_MS = 15_000;

/** Connects where pilots are, once each. */
export class ResourceManagers {
  readonly #parts: ResourceManagersParts;
  readonly #runner: CommandRunner;
  readonly #connections = new Map<string, Promise<Connection>>();
  readonly #open = new Map<string, Connection>();
  /** Since when those are being connected that are not open yet. */
  readonly #connecting = new Map<string, number>();
  /** Why there is no connection. */
  readonly #troubles = new Map<string, string>();
  /** Whom to ask, of those that somebody has passed in: they are kept nowhere else. */
  readonly #prompts = new Map<string, SecurityPrompt>();
  readonly #closing = sharedAbort();

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
    if (target.context?.prompt !== undefined) this.#prompts.set(key, target.context.prompt);
    const connection = this.#connections.get(key) ?? this.#begun(target, key);
    const what = `connecting to ${target.rm}`;
    return abortable(abortable(connection, this.#closing.signal, what), signal, what);
  }

  /** Why a resource manager does not answer, as far as somebody has asked; undefined when it does. */
  troubleOf(target: Target): string | undefined {
    const key = keyOf(target);
    const { jobs, answers, far } = this.#open.get(key) ?? {};
    const trouble = jobs?.trouble ?? answers?.trouble ?? far?.trouble ?? this.#troubles.get(key);
    return trouble ?? this.#slownessOf(key);
  }

  /**
   * Brings back what the agents of a launch have left, where it is not here: all of it, however long
   * that takes, once the launch is over. False when it is left to a later process.
   */
  async bring(target: Target, launchName: string, isOver: boolean): Promise<boolean> {
    const far = this.#open.get(keyOf(target))?.far;
    if (isOver) return far?.collect(launchName) ?? true;
    await far?.fetch(launchName);
    return true;
  }

  /** Connects for a pilot that is there already, and does not give up; undefined at the end. */
  async reconnect(target: Target): Promise<Connection | undefined> {
    for (
      let waitMs = RETRY_MS_MIN;
      !this.#closing.signal.aborted;
      waitMs = Math.min(2 * waitMs, RETRY_MS_MAX)
    ) {
      try {
        return await this.connect(target);
      } catch (error) {
        if (this.#closing.signal.aborted) break;
        const words = messageOf(error);
        this.#troubles.set(keyOf(target), words);
        this.#parts.troubled?.(target, words);
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

  /**
   * Native jobs live on. A connection that is made too late is closed then; what cannot be made or let
   * go of is left to itself.
   */
  async close(): Promise<void> {
    const { clock, log } = this.#parts;
    this.#closing.abort();
    const closed = Promise.allSettled(
      [...this.#connections.values()].map(async (connection) => (await connection).jobs.close()),
    );
    await within(clock, LET_GO_MS, closed, () => undefined).catch(() =>
      log.warn(
        {},
        'adaptors have not let go of their resource managers, and are left to themselves',
      ),
    );
    this.#open.clear();
    await this.#runner.close();
  }

  #begun(target: Target, key: string): Promise<Connection> {
    const { clock, log } = this.#parts;
    this.#connecting.set(key, clock.monotonic());
    const connection = saidIfSlow(clock, this.#connect(target, key), () =>
      log.warn({ rm: target.rm }, 'still waits for the adaptor to connect to the resource manager'),
    ).finally(() => this.#connecting.delete(key));
    this.#connections.set(key, connection);
    connection.catch(() => this.#connections.delete(key));
    return connection;
  }

  #slownessOf(key: string): string | undefined {
    const since = this.#connecting.get(key);
    const ms = since === undefined ? 0 : this.#parts.clock.monotonic() - since;
    return ms < SILENT_MS ? undefined : `not connected after ${Math.round(ms / 1000)} s`;
  }

  async #connect(target: Target, key: string): Promise<Connection> {
    const { adaptor, gateway: way } = await findAdaptors(target.type, this.#parts.adaptors);
    const url = new URL(target.rm);
    if (way === undefined) {
      checkOptions(url, adaptor);
      const answers = await this.#answers(adaptor, url, await this.#context(target, key, adaptor));
      return this.#opened(target, key, { adaptor, manager: answers.manager, answers });
    }
    const [own, ways] = divideOptions(url, [adaptor, way]);
    const wayContext = await this.#context(target, key, way);
    const opened = await asked(way.scheme, 'openGateway', async () =>
      (way as Required<Adaptor>).openGateway(ways, wayContext),
    );
    const gateway = heldGateway(opened, way.scheme);
    try {
      const context = await this.#context(target, key, adaptor);
      const answers = await this.#answers(adaptor, own, { ...context, runner: gateway.runner });
      const far = this.#farLaunches(gateway, key);
      await far.tidy();
      const through = throughGateway(answers.manager, gateway, far);
      const rest = { adaptor: behind(adaptor, way), answers, far };
      return this.#opened(target, key, { ...rest, manager: through });
    } catch (error) {
      await gateway.close();
      throw error;
    }
  }

  async #answers(adaptor: Adaptor, rm: URL, context: ConnectContext): Promise<Answers> {
    const { scheme } = adaptor;
    const { clock, log } = this.#parts;
    const manager = await asked(scheme, 'connect', async () => adaptor.connect(rm, context));
    try {
      return new Answers(heldToContract(manager, { scheme, log }), clock);
    } catch (error) {
      // What it holds would keep the program alive.
      await letGo(manager, clock);
      throw error;
    }
  }

  async #context(target: Target, key: string, { scheme }: Adaptor): Promise<ConnectContext> {
    const { clock, log, listening } = this.#parts;
    const { here, admit } = listening();
    const directory = join(this.#parts.directory, `${scheme}-${key}`);
    await ensureDirectory(directory);
    const prompt = this.#prompts.get(key) ?? this.#parts.prompt;
    const kept = keptCredentials(target.context);
    const security = prompt === undefined ? kept : { ...kept, prompt };
    return {
      clock,
      runner: this.#runner,
      manager: here,
      admit,
      directory,
      log: log.child({ adaptor: scheme }),
      ...(security !== undefined && { security }),
    };
  }

  #farLaunches(gateway: Gateway, key: string): FarLaunches {
    const { clock, log, directory } = this.#parts;
    const placed = new PlacedLaunches(join(directory, `placed-${key}`));
    return new FarLaunches({ gateway, placed, clock, log });
  }

  #opened(
    target: Target,
    key: string,
    { manager, ...rest }: Omit<Connection, 'jobs'> & { readonly manager: ResourceManager },
  ): Connection {
    const { clock, log, report } = this.#parts;
    let jobs: NativeJobs;
    try {
      jobs = new NativeJobs({ manager, rm: target.rm, clock, log, report });
    } catch (error) {
      // It cannot be subscribed to.
      void letGo(manager, clock);
      throw error;
    }
    const connection = { ...rest, jobs };
    this.#open.set(key, connection);
    if (this.#troubles.delete(key)) this.#parts.troubled?.(target, undefined);
    return connection;
  }
}

/** The adaptor as its users find it behind a gateway, which brings back one file that agents write to. */
function behind(adaptor: Adaptor, { scheme }: Adaptor): Adaptor {
  return {
    ...adaptor,
    scheme: `${adaptor.scheme}+${scheme}`,
    attributes: adaptor.attributes.filter((name) => name !== 'error'),
  };
}

/** Whether two targets are one connection, where a native id names one native job. */
export function isSameConnection(a: Target, b: Target): boolean {
  return keyOf(a) === keyOf(b);
}

/** Equal for the same credentials, whoever answers what is asked besides. */
function keyOf({ rm, type, context }: Target): string {
  // Shown as a directory's name, and to hold a password there would be to show it.
  const text = JSON.stringify([rm, type, keptCredentials(context)]);
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
