/**
 * Real OpenSSH servers on this machine, each with a machine of its own around it as far as namespaces
 * can make one: home, temporary files, processes and name. It is there for tests; see README.md for
 * what it can do and cannot.
 */
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type CommandResult, runCommand } from '../base/commands.ts';
import { claimPorts, type PortBlock } from '../base/ports.ts';
import { clientConfig, knownHostsLines, type SshHostOptions } from './configuration.ts';
import { directories, removeHosts, SHARED } from './directories.ts';
import { type Isolation, SshHost } from './host.ts';
import { makeKey, publicKeyOf } from './keys.ts';

export type { SshHost } from './host.ts';

/** Mounts, processes and the name are the host's own. The network is not: it is on loopback. */
const NAMESPACES = ['--mount', '--pid', '--uts', '--fork', '--kill-child', '--mount-proc'];

/** Which hosts there are to be. */
export interface SshHostsOptions {
  /** One by default, and 12 at most. */
  readonly hosts?: readonly SshHostOptions[];
  /** Whether they do without namespaces, as they do anyway for whoever may have none. */
  readonly isPlain?: boolean;
}

/**
 * Starts hosts and settles when all of them answer. Ends those first that were left behind by programs
 * that have been killed.
 *
 * @param byHand whether they live on after this program, until {@link endByHand}
 */
export async function startSshHosts(
  options: SshHostsOptions = {},
  byHand = false,
): Promise<SshHosts> {
  await directories.endLeftOver();
  const hosts = await SshHosts.make(options, byHand);
  try {
    await Promise.all(hosts.hosts.map((host) => host.start()));
  } catch (error) {
    await hosts.stop();
    throw error;
  }
  return hosts;
}

/** Hosts that run, and what a client of them needs. */
export class SshHosts implements AsyncDisposable {
  readonly directory: string;
  readonly hosts: readonly SshHost[];
  /** Whether nothing but the network is shared. Without, a host has nothing but a HOME of its own. */
  readonly isIsolated: boolean;
  /** An ssh_config that knows the hosts by their names. */
  readonly config: string;
  readonly knownHosts: string;
  /** A key that every host lets in. */
  readonly identity: string;
  /** For the client's own HOME: there is nothing of anybody's in it. */
  readonly clientHome: string;
  /** A directory that the hosts, and all else, have under the same name. */
  readonly shared: string;
  readonly #ports: PortBlock;

  private constructor(
    directory: string,
    options: SshHostsOptions,
    block: PortBlock,
    isolation: Isolation,
    byHand: boolean,
  ) {
    const { hosts = [{}] } = options;
    const named = hosts.map((each, i) => ({ ...each, name: each.name ?? `h${i + 1}` }));
    const surroundings = {
      directory,
      isolation,
      names: named,
      byHand,
      run: this.#run.bind(this),
    };
    this.directory = directory;
    this.isIsolated = isolation !== undefined;
    this.#ports = block;
    this.hosts = named.map((each, i) => new SshHost(each, block.ports[i] as number, surroundings));
    this.clientHome = join(directory, 'client');
    this.shared = join(directory, SHARED);
    this.config = join(this.clientHome, 'config');
    this.knownHosts = join(this.clientHome, 'known_hosts');
    this.identity = join(this.clientHome, 'id_ed25519');
  }

  /** Lays out everything; nothing runs yet. */
  static async make(options: SshHostsOptions, byHand: boolean): Promise<SshHosts> {
    const directory = await directories.make(byHand);
    const isolation = options.isPlain ? undefined : await isolationHere();
    const block = await claimPorts(directory);
    const hosts = new SshHosts(directory, options, block, isolation, byHand);
    await hosts.#make();
    return hosts;
  }

  host(name: string): SshHost {
    const host = this.hosts.find((each) => each.name === name);
    if (host === undefined) throw new Error(`there is no host ${name}`);
    return host;
  }

  /** Has the client's known_hosts list the keys that the hosts have now. */
  async know(): Promise<void> {
    const lines = await Promise.all(
      this.hosts.map(async (host) =>
        (await host.publicKeys()).flatMap((key) => knownHostsLines(host, key)),
      ),
    );
    await writeFile(this.knownHosts, `${lines.flat().join('\n')}\n`);
  }

  /** Another key of the client's, which no host lets in, unless `isKnown`. Its path. */
  async makeIdentity(
    name: string,
    { isKnown = true, passphrase = '' }: { isKnown?: boolean; passphrase?: string } = {},
  ): Promise<string> {
    const file = join(this.clientHome, name);
    await makeKey(file, 'ed25519', passphrase);
    const line = `${await publicKeyOf(file)}\n`;
    if (isKnown) await Promise.all(this.hosts.map((host) => host.authorize(line)));
    return file;
  }

  /** Ends all hosts with everything that was started there, and removes all that they have written. */
  async stop(): Promise<void> {
    await Promise.all(this.hosts.map((host) => host.kill()));
    await removeHosts(this.directory);
    this.#ports.release();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #make(): Promise<void> {
    await mkdir(this.clientHome, { mode: 0o700 });
    await mkdir(this.shared);
    await makeKey(this.identity, 'ed25519');
    const authorized = `${await publicKeyOf(this.identity)}\n`;
    for (const host of this.hosts) await mkdir(join(this.directory, host.name));
    await Promise.all(this.hosts.map((host) => host.make(authorized)));
    await writeFile(this.config, clientConfig(this.hosts, this));
    await this.know();
  }

  #run(host: string, command: string): Promise<CommandResult> {
    const options = ['-F', this.config, '-o', 'BatchMode=yes'];
    return runCommand(['ssh', ...options, host, command]);
  }
}

/** Whether tests of hosts that share nothing are to be left out: without namespaces, but in CI never. */
export async function cannotIsolate(): Promise<boolean> {
  return !process.env['CI'] && (await isolationHere()) === undefined;
}

/** How this user gets namespaces: as root, or by a sudo that asks for nothing. */
async function isolationHere(): Promise<Isolation> {
  const isRoot = process.getuid?.() === 0;
  const ways = isRoot ? [[]] : [['sudo', '--non-interactive']];
  for (const way of ways) {
    const isolation = [...way, 'unshare', ...NAMESPACES];
    const [program = '', ...rest] = [...isolation, 'true'];
    const isPossible = await promisify(execFile)(program, rest).then(
      () => true,
      () => false,
    );
    if (isPossible) return isolation;
  }
  return undefined;
}
