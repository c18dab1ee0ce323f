/** Ssh pilots on a test file's own hosts, and units that keep ledgers of what happened to them. */
import { chmod, copyFile, mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { slurmAdaptor } from '@pstar/adaptor-slurm';
import { sshAdaptor } from '@pstar/adaptor-ssh';
import {
  type CreateOptions,
  type PilotJob,
  type PilotJobDescription,
  PilotJobService,
  type PilotJobServiceOptions,
  WorkUnitService,
} from '@pstar/core';
import { expect } from 'vitest';
import { UNIT } from '../chaos/unit.ts';
import { LedgerWorld, PATIENCE_MS } from '../clusters/base/ledger-world.ts';
import type { SshHost, SshHosts } from '../clusters/ssh/hosts.ts';
import { reached } from '../integration/fixture.ts';

export { PATIENCE_MS } from '../clusters/base/ledger-world.ts';

/** What ssh is told besides: a network that is silent is found so within two seconds. */
const IMPATIENT = 'ServerAliveInterval 1\nServerAliveCountMax 2\n';

/** The hosts of that name as `create` wants them named. */
export function sshUrl(hosts: SshHosts, names: readonly string[] = ['h1']): string {
  return `ssh://${names.join(',')}/?config=${encodeURIComponent(hosts.config)}`;
}

/** As {@link sshUrl} for one host, with no other key than this: a file, or `none`. */
export async function urlWithKey(hosts: SshHosts, name: string, identity: string): Promise<string> {
  const host = hosts.host(name);
  const directory = await mkdtemp(join(hosts.clientHome, 'key-'));
  const lines = [
    `Host ${name}`,
    'HostName 127.0.0.1',
    `Port ${host.port}`,
    `User ${host.user}`,
    `IdentityFile ${identity}`,
    'IdentitiesOnly yes',
    `UserKnownHostsFile ${hosts.knownHosts}`,
  ];
  await writeFile(join(directory, 'config'), `${lines.join('\n')}\n`);
  return `ssh://${name}/?config=${encodeURIComponent(join(directory, 'config'))}`;
}

/** A configuration that says more than the hosts' own, first: so it prevails. Its path. */
export async function configWith(hosts: SshHosts, lines: string): Promise<string> {
  const directory = await mkdtemp(join(hosts.clientHome, 'more-'));
  const path = join(directory, 'config');
  await writeFile(path, `${lines}\nMatch all\n${await readFile(hosts.config, 'utf8')}`);
  return path;
}

/** As {@link configWith}, for lost connections to be noticed soon. */
export function impatientConfig(hosts: SshHosts, lines = ''): Promise<string> {
  return configWith(hosts, `${lines}\nHost *\n${IMPATIENT}`);
}

/** A world on a test file's hosts, which see its ledgers under one name. */
export class SshWorld extends LedgerWorld {
  readonly hosts: SshHosts;
  pilots: PilotJobService;
  work: WorkUnitService;

  private constructor(
    hosts: SshHosts,
    store: string,
    own: string,
    pilots: PilotJobService,
    work: WorkUnitService,
  ) {
    super(store, own, join(own, 'unit.sh'));
    this.hosts = hosts;
    this.pilots = pilots;
    this.work = work;
  }

  static async open(hosts: SshHosts): Promise<SshWorld> {
    const store = await mkdtemp(join(tmpdir(), 'pstar-test-'));
    const own = await mkdtemp(join(hosts.shared, 'world-'));
    const [pilots, work] = await open(store);
    const world = new SshWorld(hosts, store, own, pilots, work);
    await mkdir(world.ledgers);
    await copyFile(UNIT, join(own, 'unit.sh'));
    // Also for hosts with users of their own.
    for (const path of [own, world.ledgers]) await chmod(path, 0o777);
    return world;
  }

  /** Closes both services, as a program does that ends, and opens them as the next one does. */
  async reopen(options: PilotJobServiceOptions = {}): Promise<void> {
    await this.work.close();
    await this.pilots.close();
    [this.pilots, this.work] = await open(this.store, options);
  }

  create(
    description: PilotJobDescription,
    names?: readonly string[],
    options?: CreateOptions,
  ): Promise<PilotJob> {
    return this.pilots.create(sshUrl(this.hosts, names), description, options);
  }

  /** A pilot with an agent on each of these hosts. */
  async createRunning(
    description: PilotJobDescription,
    names: readonly string[] = ['h1'],
    rm = sshUrl(this.hosts, names),
  ): Promise<PilotJob> {
    const pilot = await this.pilots.create(rm, description);
    await reached(pilot, 'Running');
    await expect.poll(() => pilot.nodes.length, { timeout: PATIENCE_MS }).toBe(names.length);
    return pilot;
  }

  /** As {@link expectAllDone}, and each was started once only. */
  expectAllDoneOnce(): void {
    this.expectAllDone();
    const again = [...this.work.workUnits].filter(({ id }) => this.startsOf(id) !== 1);
    expect(again.map(({ id }) => `${id} was started ${this.startsOf(id)} times`)).toEqual([]);
  }
}

async function open(
  store: string,
  options: PilotJobServiceOptions = {},
): Promise<[PilotJobService, WorkUnitService]> {
  const adaptors = [sshAdaptor, slurmAdaptor];
  const pilots = await PilotJobService.open({ store, id: 'pilots', adaptors, ...options });
  const work = await WorkUnitService.open({ store, id: 'work', services: [pilots] });
  return [pilots, work];
}

/** What runs on a host besides its server: agents, and what they have started. */
export async function processesOn(host: SshHost): Promise<string[]> {
  const { stdout } = await host.run('ps -eo args');
  // The first line is ps's own, and the host's first process has a child that does its work.
  const own = /^(COMMAND|sshd: .*|sh \S*host\.sh|ps -eo args|\S*sh -c ps -eo args)$/;
  return stdout.split('\n').filter((line) => line !== '' && !own.test(line));
}

/** All that was written on a host and is there still, but for the files of the cache. */
export async function filesOn({ shared }: SshHosts, host: SshHost): Promise<string[]> {
  const places = '"$HOME" /tmp /var/tmp /dev/shm';
  const command = `find ${places} -path ${shared} -prune -o ! -type d -print`;
  const { stdout } = await host.run(command);
  return stdout.split('\n').filter((path) => path !== '' && !isCached(path));
}

function isCached(path: string): boolean {
  return /\/\.cache\/pstar\/[^/.][^/]*$/.test(path);
}
