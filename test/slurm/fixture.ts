/** Slurm pilots on a test file's own cluster, and units that keep ledgers of what happened to them. */
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { slurmAdaptor } from '@pstar/adaptor-slurm';
import {
  type PilotJob,
  type PilotJobDescription,
  PilotJobService,
  type WorkUnit,
  type WorkUnitDescription,
  WorkUnitService,
} from '@pstar/core';
import { expect } from 'vitest';
import { processesWith } from '../../packages/core/src/adaptor/local-process.ts';
import { UNIT } from '../chaos/driver.ts';
import { disagreements } from '../chaos/ledgers.ts';
import type { SlurmCluster } from '../clusters/slurm/cluster.ts';
import { reached } from '../integration/fixture.ts';

/** Enough for Slurm to notice a node's death, on a machine that has other things to do. */
export const PATIENCE_MS = 45_000;

/** A cluster as `create` wants it named; states are asked for every second. */
export function slurmUrl({ conf }: SlurmCluster): string {
  return `slurm:///?conf=${conf}&poll=1`;
}

/** Both services in a store of their own, gone with the test. */
export class SlurmWorld implements AsyncDisposable {
  readonly cluster: SlurmCluster;
  readonly pilots: PilotJobService;
  readonly work: WorkUnitService;
  /** Units with {@link ledgers} write here what they did. */
  readonly ledgers: string;
  /** When this file is there, {@link gated} units end. */
  readonly gate: string;
  readonly #store: string;

  private constructor(
    cluster: SlurmCluster,
    store: string,
    pilots: PilotJobService,
    work: WorkUnitService,
  ) {
    this.cluster = cluster;
    this.pilots = pilots;
    this.work = work;
    this.#store = store;
    this.ledgers = join(store, 'ledgers');
    this.gate = join(store, 'gate');
  }

  static async open(cluster: SlurmCluster): Promise<SlurmWorld> {
    const store = await mkdtemp(join(tmpdir(), 'pstar-test-'));
    const pilots = await PilotJobService.open({ store, adaptors: [slurmAdaptor] });
    const work = await WorkUnitService.open({ store, services: [pilots] });
    const world = new SlurmWorld(cluster, store, pilots, work);
    await mkdir(world.ledgers);
    return world;
  }

  create(description: PilotJobDescription): Promise<PilotJob> {
    return this.pilots.create(slurmUrl(this.cluster), description);
  }

  /** A pilot with an agent on each of so many nodes. */
  async createRunning(description: PilotJobDescription, nodes = 1): Promise<PilotJob> {
    const pilot = await this.create(description);
    await reached(pilot, 'Running');
    await expect.poll(() => pilot.nodes.length, { timeout: PATIENCE_MS }).toBe(nodes);
    return pilot;
  }

  /** Units that run until {@link open the gate is open}; settles when all of them do. */
  async submitGated(count: number): Promise<WorkUnit[]> {
    const units = await this.work.submit(Array.from({ length: count }, () => this.gated()));
    await Promise.all(units.map((unit) => reached(unit, 'Running')));
    // Running is what the agent says; the unit has begun when its ledger says so, too.
    await expect.poll(() => units.every(({ id }) => existsSync(join(this.ledgers, id)))).toBe(true);
    return units;
  }

  gated(): WorkUnitDescription {
    return { executable: '/bin/sh', arguments: [UNIT, this.ledgers, this.gate, 0] };
  }

  openGate(): Promise<void> {
    return writeFile(this.gate, '');
  }

  /** All units are done, each by its last attempt, none twice at once, and nothing is lost. */
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

  async [Symbol.asyncDispose](): Promise<void> {
    await this.work.cancel();
    await this.pilots.cancel();
    await rm(this.#store, { recursive: true, force: true });
  }
}

/** What squeue says of a pilot's job, also of one that is over. */
export async function queued(
  cluster: SlurmCluster,
  pilot: PilotJob,
  format: string,
): Promise<string> {
  const { stdout } = await cluster.run([
    'squeue',
    '-h',
    '-t',
    'all',
    '-j',
    pilot.nativeId ?? '',
    '-o',
    format,
  ]);
  return stdout.trim();
}

/** The ids of all jobs that the queue knows, over or not; an array's by element. */
export async function jobIds(cluster: SlurmCluster): Promise<string[]> {
  const { stdout } = await cluster.run(['squeue', '-h', '-r', '-t', 'all', '-o', '%i']);
  return stdout.trim().split('\n').filter(Boolean);
}

/** Has `scontrol` do something. */
export async function scontrol(cluster: SlurmCluster, ...command: string[]): Promise<void> {
  const { exitCode, stderr } = await cluster.run(['scontrol', ...command]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
}

/** Whether a command of Slurm's is being run on that cluster. */
export function isRunning({ conf }: SlurmCluster, program: string): boolean {
  return processesWith('SLURM_CONF', conf).some(({ pid }) => {
    try {
      return readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === program;
    } catch {
      // It has just ended.
      return false;
    }
  });
}

/** Makes a cluster whole again, whatever was done to it: one scenario is not to fail the next. */
export async function mend(cluster: SlurmCluster): Promise<void> {
  const { controller, nodeNames } = cluster;
  if (controller.isPaused) controller.resume();
  await controller.start();
  await cluster.run(['scancel', '--user', userInfo().username]);
  await Promise.all(nodeNames.map((name) => cluster.node(name).start()));
  await cluster.settled();
}
