/**
 * A Slurm of several nodes on this machine: real daemons, on loopback, in a directory and on ports of
 * their own, for any user. It is there for tests; see README.md for what it can do and cannot.
 */
import { randomBytes } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { readdirSync } from 'node:fs';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { type CommandResult, environmentWithout, runCommand } from '../base/commands.ts';
import { claimPorts, type PortBlock } from '../base/ports.ts';
import { Daemon, until } from '../base/processes.ts';
import {
  gresConf,
  type Layout,
  nodeConf,
  nodeNames,
  type SlurmOptions,
  slurmConf,
} from './configuration.ts';
import { directories, MARK, makeDirectory, removeCluster } from './directories.ts';
import { SlurmController, SlurmNode } from './parts.ts';

export type { SlurmOptions } from './configuration.ts';
export type { SlurmController, SlurmNode } from './parts.ts';

/** Where Debian has the daemons: not on every user's path. */
const PATH = `${process.env['PATH']}:/usr/sbin:/sbin`;

/** This program may itself run in a job of Slurm's. */
const OF_ANOTHER = /^SLURM_/;

/**
 * Starts a cluster and settles when all of its nodes are idle: in a fraction of a second. Ends those
 * first that were left behind by programs that have been killed.
 *
 * @param options how it is to be
 * @param byHand whether it lives on after this program, until {@link endByHand}
 */
export async function startSlurm(
  options: SlurmOptions = {},
  byHand = false,
): Promise<SlurmCluster> {
  await directories.endLeftOver();
  const cluster = await SlurmCluster.make(options, byHand);
  try {
    await cluster.start();
  } catch (error) {
    const log = await cluster.complaints();
    await cluster.stop();
    throw new Error(`Slurm did not start: ${(error as Error).message}\n${log}`, { cause: error });
  }
  return cluster;
}

/** A cluster that runs. */
export class SlurmCluster implements AsyncDisposable {
  /** Where everything of it is: logs, state, sockets. */
  readonly directory: string;
  /** The path of its slurm.conf. */
  readonly conf: string;
  /** What commands need, to find it and to be found. */
  readonly environment: Readonly<{ SLURM_CONF: string; PATH: string }>;
  readonly controller: SlurmController;
  /** The unix socket of slurmrestd, where there is one: it needs no token. */
  readonly restSocket: string;
  /** The port of slurmrestd that takes {@link jwt}. */
  readonly restPort: number;
  readonly #options: SlurmOptions;
  readonly #layout: Layout;
  readonly #ports: PortBlock;
  readonly #munge: Daemon;
  readonly #rest: readonly Daemon[];
  readonly #nodes: ReadonlyMap<string, SlurmNode>;

  private constructor(options: SlurmOptions, layout: Layout, ports: PortBlock) {
    const { directory } = layout;
    this.#options = options;
    this.#layout = layout;
    this.#ports = ports;
    this.directory = directory;
    this.conf = join(directory, 'slurm.conf');
    this.environment = { SLURM_CONF: this.conf, PATH };
    this.restSocket = join(directory, 'rest.sock');
    this.restPort = ports.ports.at(-1) as number;
    this.#munge = this.#daemon('munged', this.#mungeCommand());
    const controller = this.#daemon('slurmctld', ['slurmctld', '-D', '-f', this.conf]);
    this.controller = new SlurmController(this.run.bind(this), controller, directory);
    const names = nodeNames(options);
    this.#nodes = new Map(names.map((name) => [name, this.#node(name)]));
    this.#rest = options.rest ? this.#restDaemons() : [];
  }

  /** Lays out everything; nothing runs yet. */
  static async make(options: SlurmOptions, byHand: boolean): Promise<SlurmCluster> {
    const directory = await makeDirectory(byHand, options.parent);
    const block = await claimPorts(directory);
    const [controllerPort = 0, ...others] = block.ports;
    const nodePorts = others.slice(0, nodeNames(options).length);
    const user = userInfo().username;
    const nameIsLoopback = (await addressOf(hostname())) === '127.0.0.1';
    const layout = { directory, user, controllerPort, nodePorts, nameIsLoopback };
    const cluster = new SlurmCluster(options, layout, block);
    await cluster.#write();
    return cluster;
  }

  /** The names of its nodes: `n1`, `n2`, … */
  get nodeNames(): readonly string[] {
    return [...this.#nodes.keys()];
  }

  node(name: string): SlurmNode {
    const node = this.#nodes.get(name);
    if (node === undefined) throw new Error(`there is no node ${name}`);
    return node;
  }

  /** Runs a command with this cluster's configuration. */
  run(command: readonly string[]): Promise<CommandResult> {
    return runCommand(command, { ...environmentWithout(OF_ANOTHER), ...this.environment });
  }

  /** A token for {@link restPort}, good for an hour. */
  async jwt(): Promise<string> {
    const { stdout } = await this.run(['scontrol', 'token', 'lifespan=3600']);
    return stdout.trim().replace('SLURM_JWT=', '');
  }

  async start(): Promise<void> {
    await this.#munge.start();
    await until('listening (munged)', () => this.#munge.mustLive() && this.#has('munge.sock'));
    await this.controller.start();
    await Promise.all([...this.#nodes.values()].map((node) => node.boot()));
    await Promise.all(this.#rest.map((daemon) => daemon.start()));
    await this.settled();
    if (this.#rest.length > 0) await until('listening (slurmrestd)', () => this.#has('rest.sock'));
  }

  /** Settles when every node is idle. */
  async settled(): Promise<void> {
    const names = this.nodeNames.length;
    await until('idle, all nodes', async () => {
      const { stdout } = await this.run(['sinfo', '-h', '-N', '-o', '%N %t']);
      const idle = new Set(stdout.split('\n').filter((line) => line.endsWith(' idle')));
      return idle.size === names;
    });
  }

  /** The last lines of its logs that speak of errors. */
  async complaints(): Promise<string> {
    const logs = readdirSync(this.directory).filter((name) => name.endsWith('.log'));
    const texts = await Promise.all(logs.map((log) => readFile(join(this.directory, log), 'utf8')));
    const lines = texts.flatMap((text) => text.split('\n'));
    return lines
      .filter((line) => /error|fatal/i.test(line))
      .slice(-20)
      .join('\n');
  }

  /** Kills all daemons and everything that its jobs have started, and removes its directory. */
  async stop(): Promise<void> {
    await removeCluster(this.directory);
    this.#ports.release();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #write(): Promise<void> {
    const { directory } = this;
    const path = (name: string) => join(directory, name);
    await mkdir(path('state'));
    await writeFile(path('munge.key'), randomBytes(128), { mode: 0o600 });
    await writeFile(path('state/jwt.key'), randomBytes(32), { mode: 0o600 });
    await writeFile(path('plugstack.conf'), '');
    await writeFile(path('gres.conf'), gresConf(this.#options, this.#layout));
    const log = this.#options.accounting === undefined ? [] : [`JobCompLoc=${path('jobcomp.log')}`];
    const options = { ...this.#options, lines: [...log, ...(this.#options.lines ?? [])] };
    await writeFile(this.conf, slurmConf(options, this.#layout));
    for (const node of this.nodeNames) await symlink(this.conf, nodeConf(directory, node));
    // A gpu's file must be a device, and a link to one will do.
    for (let i = 0; i < (this.#options.gpus ?? 0); i++) await symlink('/dev/null', path(`gpu${i}`));
  }

  #has(name: string): boolean {
    return readdirSync(this.directory).includes(name);
  }

  #daemon(name: string, command: readonly string[], environment: NodeJS.ProcessEnv = {}): Daemon {
    const marked = {
      ...environmentWithout(OF_ANOTHER),
      ...this.environment,
      [MARK]: this.directory,
      ...environment,
    };
    const { within = (given) => given } = this.#options;
    return new Daemon(within(command), marked, join(this.directory, `${name}.out.log`));
  }

  #node(name: string): SlurmNode {
    const conf = nodeConf(this.directory, name);
    const command = ['slurmd', '-D', '-N', name, '-f', conf];
    const daemon = this.#daemon(`slurmd-${name}`, command, { SLURM_CONF: conf });
    return new SlurmNode(this.run.bind(this), name, conf, daemon);
  }

  #mungeCommand(): string[] {
    const file = (name: string) => join(this.directory, name);
    return [
      'munged',
      '--foreground',
      // Also where the temporary directory is the user's alone: so are this cluster's users.
      '--force',
      `--socket=${file('munge.sock')}`,
      `--key-file=${file('munge.key')}`,
      `--pid-file=${file('munged.pid')}`,
      `--log-file=${file('munged.log')}`,
      `--seed-file=${file('munged.seed')}`,
    ];
  }

  /** Two: what tokens need, SLURM_JWT, keeps a slurmrestd from taking its own user without one. */
  #restDaemons(): Daemon[] {
    // It refuses to run as root or SlurmUser, and one's own cluster has no other users.
    const environment = { SLURMRESTD_SECURITY: 'disable_user_check' };
    // Without a database the default set of plugins is fatal.
    const plugins = ['-s', 'openapi/v0.0.38'];
    const socket = ['slurmrestd', '-a', 'rest_auth/local', ...plugins, `unix:${this.restSocket}`];
    const port = ['slurmrestd', '-a', 'rest_auth/jwt', ...plugins, `127.0.0.1:${this.restPort}`];
    return [
      this.#daemon('slurmrestd', socket, environment),
      this.#daemon('slurmrestd-jwt', port, { ...environment, SLURM_JWT: 'daemon' }),
    ];
  }
}

async function addressOf(name: string): Promise<string | undefined> {
  const found = await lookup(name, { family: 4 }).catch(() => undefined);
  return found?.address;
}
