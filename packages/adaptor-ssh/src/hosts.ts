/** The hosts of one connection, each reached when somebody first needs it, and then again and again. */
import { AdaptorError, type Clock, PilotError } from '@pstar/core/adaptor';
import type { SshState } from './connection/ssh-host.ts';
import type { HostSite } from './host/host-site.ts';

/** How long somebody waits for a connection to come back, before being told that there is none. */
const PATIENCE_MS = 5000;
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

  /**
   * A host that answers, or is about to.
   *
   * @throws PilotError when it cannot be reached
   */
  async site(target: string): Promise<HostSite> {
    const site = await this.#connected(target);
    await this.#reachable(site, target);
    return site;
  }

  #connected(target: string): Promise<HostSite> {
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

  /**
   * As {@link Hosts.site}, for those who ask again and again: at once, and not while it would be in
   * vain; then the error says so.
   */
  async siteSoon(target: string): Promise<HostSite> {
    const known = this.#known.get(target);
    const { failure } = known ?? {};
    if (failure !== undefined && known?.site === undefined) {
      const { error, at, waitMs } = failure;
      const isSoon = this.#clock.monotonic() - at < waitMs;
      if (isSoon) {
        const problem = `${problemOf(error)}; trying again in ${waitMs / 1000} s`;
        throw unreachable(target, problem, error);
      }
    }
    const site = await this.#connected(target);
    const { state } = site.host;
    if (state.state !== 'reconnecting') return site;
    const seconds = Math.ceil((state.waitMs ?? 0) / 1000);
    const later = seconds > 1 ? `; trying again in ${seconds} s` : '';
    throw unreachable(target, `${problemOf(state.error)}${later}`, state.error);
  }

  /** Those that are connected. */
  async sites(): Promise<readonly HostSite[]> {
    const sites = [...this.#known.values()].map(({ site }) => site?.catch(() => undefined));
    return (await Promise.all(sites)).filter((site) => site !== undefined);
  }

  /** One whose connection was lost a moment ago may be there again the next. */
  async #reachable({ host }: HostSite, target: string): Promise<void> {
    if (isComing(host.state)) {
      host.hurry();
      await new Promise<void>((resolve) => {
        const timer = this.#clock.after(PATIENCE_MS, done, { unref: true });
        const watch = host.state$.subscribe((state) => {
          if (!isComing(state)) done();
        });
        function done(): void {
          timer.cancel();
          watch.unsubscribe();
          resolve();
        }
      });
    }
    const { state } = host;
    if (state.state !== 'reconnecting') return;
    const { error } = state;
    // Nothing was begun, so nothing is lost: such a host is just away. Any other error says what to do.
    throw error.transient ? unreachable(target, error.problem) : error;
  }

  async close(): Promise<void> {
    const sites = await this.sites();
    this.#known.clear();
    await Promise.all(sites.map((site) => site.close()));
  }
}

/** Whether a connection may be there in a moment, without anybody doing anything. */
function isComing(state: SshState): boolean {
  return state.state === 'reconnecting' && state.error.transient;
}

/** With the way out of what keeps it away. */
function unreachable(host: string, problem: string, cause?: Error): PilotError {
  const hint = cause instanceof PilotError ? cause.hint : undefined;
  return new AdaptorError('RESOURCE_MANAGER_UNREACHABLE', problem, { subject: host, hint, cause });
}

function problemOf(error: Error): string {
  return error instanceof PilotError ? error.problem : error.message;
}
