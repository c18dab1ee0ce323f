/** Which of a resource manager's hosts are other machines than this one, as far as that can be known. */
import { isIP } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import { type Clock, type CommandRunner, isLoopback } from '@pstar/core/adaptor';

/** All names of one host. */
export type HostNames = readonly string[];

/** A host, and where it is. */
export interface FarHost {
  readonly name: string;
  readonly address: string;
}

/** What is asked, and how. */
export interface FarHostsParts {
  readonly clock: Clock;
  readonly runner: CommandRunner;
  /** The hosts of the resource manager; none where it does not tell. */
  readonly hosts: () => Promise<readonly HostNames[]>;
}

/** How long name servers may take: they may be far, or away. */
const LOOK_UP_MS = 5_000;
/** How many hosts are looked up: it is enough to know that one of them is elsewhere. */
const LOOKED_UP_MAX = 8;
/** How long an answer counts. */
const ANSWER_MS = 60_000;

/** Asks now and then. Where nothing can be known there are none: that is no reason to refuse anything. */
export class FarHosts {
  readonly #parts: FarHostsParts;
  #last: { readonly at: number; readonly hosts: Promise<readonly FarHost[]> } | undefined;

  constructor(parts: FarHostsParts) {
    this.#parts = parts;
  }

  /** Some that are other machines than this one. */
  ask(): Promise<readonly FarHost[]> {
    const now = this.#parts.clock.monotonic();
    if (this.#last === undefined || now - this.#last.at > ANSWER_MS) {
      const hosts = this.#ask().catch(() => {
        this.#last = undefined;
        return [];
      });
      this.#last = { at: now, hosts };
    }
    return this.#last.hosts;
  }

  async #ask(): Promise<readonly FarHost[]> {
    const { hosts, runner } = this.#parts;
    const others = (await hosts()).filter((names) => !names.some(isOwnName));
    if (others.length === 0) return [];
    const names = others.slice(0, LOOKED_UP_MAX).flat();
    // It gives those that it finds, whatever it ends with.
    const { stdout } = await runner.run(['getent', 'hosts', ...names], { timeoutMs: LOOK_UP_MS });
    return farHostsOf(stdout, ownAddresses());
  }
}

/** Of lines of `getent hosts`, an address with its names: those of other machines. */
function farHostsOf(output: string, own: readonly string[]): readonly FarHost[] {
  return output.split('\n').flatMap((line) => {
    const [address = '', name] = line.trim().split(/\s+/);
    if (isIP(address) === 0 || name === undefined) return [];
    return isLoopback(address) || own.includes(address) ? [] : [{ name, address }];
  });
}

function isOwnName(name: string): boolean {
  const short = (full: string) => full.split('.')[0]?.toLowerCase();
  return short(name) === short(hostname());
}

function ownAddresses(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((each) =>
    (each ?? []).map(({ address }) => address),
  );
}
