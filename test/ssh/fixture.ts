/** Ssh pilots on a test file's own hosts, and units that keep ledgers of what happened to them. */
import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
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
  type WorkUnit,
  type WorkUnitDescription,
  WorkUnitService,
} from '@pstar/core';
import { expect } from 'vitest';
import { UNIT } from '../chaos/driver.ts';
import { disagreements, readLedger } from '../chaos/ledgers.ts';
import type { SshHost, SshHosts } from '../clusters/ssh/hosts.ts';
import { reached } from '../integration/fixture.ts';

/** Enough for connections to be found dead and made again, on a machine that has other things to do. */
export const PATIENCE_MS = 45_000;

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

/** Both services in a store of their own, gone with the test. */
export class SshWorld implements AsyncDisposable {
  readonly hosts: SshHosts;
  readonly store: string;
  pilots: PilotJobService;
  work: WorkUnitService;
  /** Units with ledgers write here what they did, on whichever host. */
  readonly ledgers: string;
  /** When this file is there, {@link gated} units end. */
  readonly gate: string;
  readonly #unit: string;

  private constructor(
    hosts: SshHosts,
    store: string,
    own: string,
    pilots: PilotJobService,
    work: WorkUnitService,
  ) {
    this.hosts = hosts;
    this.store = store;
    this.pilots = pilots;
    this.work = work;
    this.ledgers = join(own, 'ledgers');
    this.gate = join(own, 'gate');
    this.#unit = join(own, 'unit.sh');
  }

  static async open(hosts: SshHosts): Promise<SshWorld> {
    const store = await mkdtemp(join(tmpdir(), 'pstar-test-'));
    const own = await mkdtemp(join(hosts.shared, 'world-'));
    const [pilots, work] = await open(store);
    const world = new SshWorld(hosts, store, own, pilots, work);
    await mkdir(world.ledgers);
    await copyFile(UNIT, world.#unit);
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

  /** Units that run until {@link openGate}; settles when all of them do. */
  async submitGated(count: number): Promise<WorkUnit[]> {
    const units = await this.work.submit(Array.from({ length: count }, () => this.gated()));
    await Promise.all(units.map((unit) => reached(unit, 'Running')));
    // Running is what the agent says; the unit has begun when its ledger says so, too.
    await expect.poll(() => units.every(({ id }) => existsSync(join(this.ledgers, id)))).toBe(true);
    return units;
  }

  gated(): WorkUnitDescription {
    return this.keeping(this.gate);
  }

  /** A unit with a ledger that runs for so many seconds, or until that file is there. */
  keeping(until: number | string): WorkUnitDescription {
    return { executable: '/bin/sh', arguments: [this.#unit, this.ledgers, until, 0] };
  }

  openGate(): Promise<void> {
    return writeFile(this.gate, '');
  }

  /** All units are done, none was ever run twice at once, and nothing is lost. */
  expectAllDone(): void {
    const told = [...this.work.workUnits].map(({ id, state, attempt, exit }) => ({
      id,
      state,
      attempt,
      exitCode: exit?.exitCode,
    }));
    expect(told.filter(({ state }) => state !== 'Done')).toEqual([]);
    expect(disagreements(this.ledgers, told, [])).toEqual([]);
  }

  /** As {@link expectAllDone}, and each was started once only. */
  expectAllDoneOnce(): void {
    this.expectAllDone();
    const again = [...this.work.workUnits].filter(({ id }) => this.startsOf(id) !== 1);
    expect(again.map(({ id }) => `${id} was started ${this.startsOf(id)} times`)).toEqual([]);
  }

  /** How often a unit with a ledger was started, by what it has written itself. */
  startsOf(id: string): number {
    return readLedger(this.ledgers, id).starts.length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.work.cancel();
    await this.pilots.cancel();
    await rm(this.store, { recursive: true, force: true });
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
