/** The hosts of one connection, each reached when somebody first needs it, and then again and again. */
import type { Clock } from '@pstar/core/adaptor';
import type { HostSite } from './host/host-site.ts';

const RETRY_MS = { min: 1000, max: 30_000 };

interface Known {
  site?: Promise<HostSite>;
  failure?: { readonly error: Error; readonly at: number; readonly waitMs: number };
}

/** By their targets, as somebody has written them. */
export class Hosts {
  readonly #open: (target: string) => Promise<HostSite>;
  readonly #clock: Clock;
  readonly #known = new Map<string, Known>();

  /** @param open connects; the site is this one's to close */
  constructor(open: (target: string) => Promise<HostSite>, clock: Clock) {
    this.#open = open;
    this.#clock = clock;
  }

  /** @throws PilotError when it cannot be reached */
  site(target: string): Promise<HostSite> {
    const known = this.#known.get(target) ?? {};
    this.#known.set(target, known);
    known.site ??= this.#open(target).then(
      (site) => {
        delete known.failure;
        return site;
      },
      (error: Error) => {
        const waitMs = Math.min(2 * (known.failure?.waitMs ?? RETRY_MS.min / 2), RETRY_MS.max);
        known.failure = { error, waitMs, at: this.#clock.monotonic() };
        delete known.site;
        throw error;
      },
    );
    return known.site;
  }

  /** As {@link Hosts.site}, and not again soon after it has failed: then it says when. */
  async siteSoon(target: string): Promise<HostSite> {
    const failure = this.#known.get(target)?.failure;
    if (failure === undefined || this.#known.get(target)?.site) return this.site(target);
    const { error, at, waitMs } = failure;
    if (this.#clock.monotonic() - at < waitMs) {
      throw new Error(`${error.message}; trying again in ${waitMs / 1000} s`, { cause: error });
    }
    return this.site(target);
  }

  /** Those that are connected. */
  async sites(): Promise<readonly HostSite[]> {
    const sites = [...this.#known.values()].map(({ site }) => site?.catch(() => undefined));
    return (await Promise.all(sites)).filter((site) => site !== undefined);
  }

  async close(): Promise<void> {
    const sites = await this.sites();
    this.#known.clear();
    await Promise.all(sites.map((site) => site.close()));
  }
}
