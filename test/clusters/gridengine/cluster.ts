/**
 * A Grid Engine of one or several hosts on this machine: real daemons, on loopback, in a directory and on
 * ports of their own, for any user. It is there for tests; see README.md for what it can do and cannot.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { type CommandResult, environmentWithout, runCommand } from '../base/commands.ts';
import { claimPorts, type PortBlock } from '../base/ports.ts';
import { Daemon, until } from '../base/processes.ts';
import { architecture, hostLibrary, PROGRAMS, writeCell } from './cell.ts';
import { GROUPS, type GridEngineOptions, hostNames, MASTER } from './configuration.ts';
import { directories, HOST_MARK, MARK, removeCluster } from './directories.ts';
import { ExecutionHost, isInService, QueueMaster } from './parts.ts';

export type { GridEngineOptions } from './configuration.ts';
export type { ExecutionHost, QueueMaster } from './parts.ts';

/** Debian's, which finds its cell by the environment. */
export const DRMAA_LIBRARY = '/usr/lib/gridengine-drmaa/lib/libdrmaa.so.1.0';

/** This program may itself run in a job of Grid Engine's. */
const OF_ANOTHER = /^(SGE_|GRIDENGINE_|PE_HOSTFILE$)/;
/** The first of those that a cluster may have; each of them has as many as the other. */
const FIRST_PORT = 20_000;
const FIRST_GROUP = 20_000;

/**
 * Starts a cluster and settles when all of its hosts take jobs: in a second. Ends those first that were left
 * behind by programs that have been killed.
 *
 * @param options how it is to be
 * @param byHand whether it lives on after this program, until it is ended by hand
 */
export async function startGridEngine(
  options: GridEngineOptions = {},
  byHand = false,
): Promise<GridEngineCluster> {
  await directories.endLeftOver();
  const cluster = await GridEngineCluster.make(options, byHand);
  try {
    await cluster.start();
  } catch (error) {
    const log = await cluster.complaints();
    await cluster.stop();
    const { message } = error as Error;
    throw new Error(`Grid Engine did not start: ${message}\n${log}`, { cause: error });
  }
  return cluster;
}

/** A cluster that runs. */
export class GridEngineCluster implements AsyncDisposable {
  /** Where everything of it is: cell, spools, logs. */
  readonly directory: string;
  /** What programs and libraries need, to find it. */
  readonly environment: Readonly<{
    SGE_ROOT: string;
    SGE_CELL: string;
    SGE_ARCH: string;
    SGE_QMASTER_PORT: string;
    SGE_EXECD_PORT: string;
    PATH: string;
  }>;
  readonly qmaster: QueueMaster;
  readonly #ports: PortBlock;
  readonly #hosts: ReadonlyMap<string, ExecutionHost>;

  private constructor(
    options: GridEngineOptions,
    directory: string,
    arch: string,
    ports: PortBlock,
  ) {
    const [qmasterPort, execdPort] = ports.ports;
    this.directory = directory;
    this.#ports = ports;
    this.environment = {
      SGE_ROOT: join(directory, 'root'),
      SGE_CELL: 'default',
      SGE_ARCH: arch,
      SGE_QMASTER_PORT: `${qmasterPort}`,
      SGE_EXECD_PORT: `${execdPort}`,
      PATH: `${PROGRAMS}:${process.env['PATH']}`,
    };
    const run = this.run.bind(this);
    this.qmaster = new QueueMaster(run, this.#daemon('sge_qmaster', MASTER));
    this.#hosts = new Map(
      hostNames(options).map((name) => {
        const daemon = this.#daemon('sge_execd', name);
        return [name, new ExecutionHost(run, name, directory, daemon)];
      }),
    );
  }

  /** Lays out everything; nothing runs yet. */
  static async make(options: GridEngineOptions, byHand: boolean): Promise<GridEngineCluster> {
    const arch = await architecture();
    const directory = await directories.make(byHand);
    const block = await claimPorts(directory);
    const { username, uid } = userInfo();
    const index = Math.floor(((block.ports[0] as number) - FIRST_PORT) / (block.ports.length + 1));
    const firstGroup = FIRST_GROUP + index * GROUPS;
    const layout = { directory, user: username, isRoot: uid === 0, firstGroup };
    const cluster = new GridEngineCluster(options, directory, arch, block);
    await writeCell(options, layout, { arch, ownName: hostname() });
    await cluster.#writeSettings();
    return cluster;
  }

  /** The names of its hosts: `g1`, `g2`, … */
  get hostNames(): readonly string[] {
    return [...this.#hosts.keys()];
  }

  /** What a shell reads to find this cluster. */
  get settings(): string {
    return join(this.environment.SGE_ROOT, 'default/common/settings.sh');
  }

  host(name: string): ExecutionHost {
    const host = this.#hosts.get(name);
    if (host === undefined) throw new Error(`there is no host ${name}`);
    return host;
  }

  /** Runs a command for this cluster, where hosts are known by their names. */
  run(command: readonly string[]): Promise<CommandResult> {
    return runCommand(command, { ...environmentWithout(OF_ANOTHER), ...this.#asHost(MASTER) });
  }

  async start(): Promise<void> {
    await this.qmaster.start();
    await Promise.all([...this.#hosts.values()].map((host) => host.start()));
    await this.settled();
  }

  /** Has another qmaster after the first was killed, and settles when it knows all hosts. */
  async startAgain(): Promise<void> {
    await this.qmaster.start();
    await Promise.all([...this.#hosts.values()].map((host) => host.restart()));
  }

  /** Settles when every host takes jobs, and none has any. */
  async settled(): Promise<void> {
    await until('idle, all hosts', async () => {
      const queues = (await this.run(['qstat', '-f'])).stdout;
      const jobs = (await this.run(['qstat', '-u', '*'])).stdout;
      return jobs === '' && this.hostNames.every((name) => isInService(queues, name));
    });
  }

  /** The last lines of its daemons' logs. */
  async complaints(): Promise<string> {
    const spools = ['qmaster', ...this.hostNames.map((name) => `execd/${name}`)];
    const messages = spools.map((spool) => join(this.directory, 'spool', spool, 'messages'));
    const outputs = [MASTER, ...this.hostNames].map((name) => join(this.directory, `${name}.log`));
    const texts = await Promise.all(
      [...messages, ...outputs].map((file) => readFile(file, 'utf8').catch(() => '')),
    );
    return texts.map((text) => text.split('\n').slice(-10).join('\n')).join('');
  }

  /** Kills all daemons and everything that its jobs have started, and removes its directory. */
  async stop(): Promise<void> {
    await removeCluster(this.directory);
    this.#ports.release();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #asHost(name: string): Record<string, string> {
    const preload = { GRIDENGINE_HOST: name, LD_PRELOAD: hostLibrary(this.directory) };
    return { ...this.environment, ...preload };
  }

  /** In the foreground, and silent about each of the scheduler's runs. What jobs inherit is as after a boot. */
  #daemon(program: string, host: string): Daemon {
    const environment = {
      ...this.#asHost(host),
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      SGE_ND: '1',
      [MARK]: this.directory,
      ...(host === MASTER ? {} : { [HOST_MARK]: join(this.directory, host) }),
    };
    const command = ['/bin/sh', '-c', `exec ${join(PROGRAMS, program)} >/dev/null`];
    return new Daemon(command, environment, join(this.directory, `${host}.log`));
  }

  async #writeSettings(): Promise<void> {
    const { PATH: _, ...variables } = this.environment;
    const lines = Object.entries(variables).map(([name, value]) => `export ${name}=${value}\n`);
    await writeFile(this.settings, `${lines.join('')}export PATH=${PROGRAMS}:$PATH\n`);
  }
}
