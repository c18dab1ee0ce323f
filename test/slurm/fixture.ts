/** Slurm pilots on a test file's own cluster, and what Slurm says of them. */
import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { slurmAdaptor } from '@pstar/adaptor-slurm';
import type { PilotJob } from '@pstar/core';
import { expect } from 'vitest';
import { processesWith } from '../../packages/core/src/adaptor/local-process.ts';
import { PilotWorld } from '../clusters/base/pilot-world.ts';
import type { SlurmCluster } from '../clusters/slurm/cluster.ts';

export { PATIENCE_MS } from '../clusters/base/pilot-world.ts';

/** A cluster as `create` wants it named; states are asked for every second. */
export function slurmUrl({ conf }: SlurmCluster): string {
  return `slurm:///?conf=${conf}&poll=1`;
}

export type SlurmWorld = PilotWorld;
/** Both services in a store of their own, gone with the test. */
export const SlurmWorld = {
  open: (cluster: SlurmCluster, parent?: string) =>
    PilotWorld.open(slurmUrl(cluster), slurmAdaptor, parent),
};

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
