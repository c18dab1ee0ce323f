/**
 * An adaptor that works by commands, behind a gateway: launches are brought over before they are
 * submitted, and what agents leave over there is brought back before anybody hears that they are over.
 */

import { PilotError } from '../model/errors.ts';
import { messageOf } from '../model/message-of.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { sharedAbort } from '../runtime/shared-abort.ts';
import type { AgentLaunch, Gateway, ResourceManager } from './adaptor.ts';
import type { PlacedLaunches } from './placed-launches.ts';

/** The first wait before something is fetched or removed again; each next one is twice as long. */
const RETRY_MS_MIN = 500;
const RETRY_MS_MAX = 60_000;
/** So often, in some three minutes, it is tried when what is wrong does not look as if it went away. */
const TRIES = 10;

/** What stands behind a gateway. */
export interface FarLaunchesParts {
  readonly gateway: Gateway;
  readonly placed: PlacedLaunches;
  readonly clock: Clock;
  readonly log: Log;
}

/** The launches of one connection that are, or were, on the other side of its gateway. */
export class FarLaunches {
  readonly #parts: FarLaunchesParts;
  readonly #placing = new Set<Promise<AgentLaunch>>();
  readonly #collecting = new Map<string, Promise<boolean>>();
  readonly #closing = sharedAbort();
  /** By launch. */
  readonly #troubles = new Map<string, string>();

  constructor(parts: FarLaunchesParts) {
    this.#parts = parts;
  }

  /** Why something that is over cannot be brought back at present; undefined when all is well. */
  get trouble(): string | undefined {
    const [trouble] = this.#troubles.values();
    return trouble;
  }

  /**
   * The launch as it is over there, once all are there that were being brought along with it: an
   * adaptor that makes one of those of the same moment has them at the same moment. Who gives it up
   * waits for no other.
   */
  async place(
    launch: AgentLaunch,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<AgentLaunch> {
    const placing = this.#place(launch, signal);
    this.#placing.add(placing);
    try {
      return await placing;
    } finally {
      this.#placing.delete(placing);
      if (!signal?.aborted) await Promise.allSettled(this.#placing);
    }
  }

  /** It is written down before anything of it is brought. */
  async #place(launch: AgentLaunch, signal: AbortSignal | undefined): Promise<AgentLaunch> {
    const { gateway, placed } = this.#parts;
    await placed.write(launch);
    const there = await gateway.place(launch, signal && { signal });
    await placed.write(launch, there);
    return there;
  }

  /** As it was placed, by this process or an earlier one; as it is here when it never was. */
  async there(launch: AgentLaunch): Promise<AgentLaunch> {
    return (await this.#parts.placed.there(launch.name)) ?? launch;
  }

  /** Brings back what agents of a launch have left until now, if it can be had at present. */
  async fetch(name: string): Promise<void> {
    const { gateway, log } = this.#parts;
    await gateway
      .fetch(name)
      .catch((err: unknown) => log.warn({ launch: name, err }, 'nothing can be fetched yet'));
  }

  /**
   * Brings back what the agents of a launch have left, however long that takes while the gateway
   * does not answer. Gives false when it was closed before: then a later process has to.
   */
  collect(name: string): Promise<boolean> {
    const known = this.#collecting.get(name);
    if (known !== undefined) return known;
    const collecting = this.#repeated(name, 'what its agents have left cannot be fetched', () =>
      this.#parts.gateway.collect(name),
    ).finally(() => this.#collecting.delete(name));
    this.#collecting.set(name, collecting);
    return collecting;
  }

  /** Removes what was brought for a launch that came to nothing: at once, or as soon as may be. */
  async discard(name: string): Promise<void> {
    const { gateway, placed } = this.#parts;
    const remove = async () => {
      await gateway.release(name);
      await placed.forget(name);
    };
    await remove().catch(() => {
      const again = () => this.#repeated(name, 'what was brought for it cannot be removed', remove);
      void this.#pause(RETRY_MS_MIN).then(again);
    });
  }

  /** Removes what earlier processes have not, and forgets what is long over. */
  async tidy(): Promise<void> {
    const { placed } = this.#parts;
    for (const name of await placed.unwanted()) void this.discard(name);
  }

  close(): void {
    this.#closing.abort();
  }

  async #repeated(name: string, problem: string, work: () => Promise<void>): Promise<boolean> {
    const { log } = this.#parts;
    for (let tries = 1, waitMs = RETRY_MS_MIN; !this.#closing.signal.aborted; tries += 1) {
      try {
        await work();
        this.#troubles.delete(name);
        return true;
      } catch (error) {
        this.#troubles.set(name, messageOf(error));
        log.warn({ launch: name, err: error }, problem);
        const mayPass = error instanceof PilotError && error.transient;
        if (!mayPass && tries >= TRIES) {
          this.#troubles.delete(name);
          return true;
        }
      }
      await this.#pause(waitMs);
      waitMs = Math.min(2 * waitMs, RETRY_MS_MAX);
    }
    return false;
  }

  #pause(ms: number): Promise<void> {
    const { signal } = this.#closing;
    return new Promise((resolve) => {
      const timer = this.#parts.clock.after(ms, done, { unref: true });
      signal.addEventListener('abort', done, { once: true });
      function done(): void {
        timer.cancel();
        signal.removeEventListener('abort', done);
        resolve();
      }
    });
  }
}

/** One resource manager, of an adaptor's connection and the gateway that its commands run behind. */
export function throughGateway(
  manager: ResourceManager,
  gateway: Gateway,
  far: FarLaunches,
): ResourceManager {
  const { states, states$, find, signal, kill, offer } = manager;
  const { pollIntervalMs, registrationTimeoutMs, registersFrom } = manager;
  return {
    sharesFiles: false,
    ...(states !== undefined && { states: states.bind(manager) }),
    ...(states$ !== undefined && { states$ }),
    ...(find !== undefined && { find: find.bind(manager) }),
    ...(signal !== undefined && { signal: signal.bind(manager) }),
    ...(kill !== undefined && { kill: kill.bind(manager) }),
    ...(offer !== undefined && { offer: offer.bind(manager) }),
    ...(pollIntervalMs !== undefined && { pollIntervalMs }),
    ...(registrationTimeoutMs !== undefined && { registrationTimeoutMs }),
    ...(registersFrom !== undefined && { registersFrom }),
    submit: async (launch, options) => {
      const there = await far.place(launch, options);
      options?.signal?.throwIfAborted();
      return manager.submit(there, options);
    },
    cancel: (ids) => manager.cancel(ids),
    render: async (launch) => manager.render(await far.there(launch)),
    info: async () => {
      const info = await manager.info();
      return { ...info, name: `${info.name} through ${gateway.runner.host}` };
    },
    close: async () => {
      far.close();
      await manager.close();
      await gateway.close();
    },
  };
}
