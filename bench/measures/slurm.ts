/**
 * The same short programs on the same Slurm, in the ways that there are: an array, one sbatch after
 * the other, steps of one allocation, and one pilot. Each has a cluster of its own, of three nodes.
 */
import { PilotJobService, WorkUnitService } from '@pstar/core';
import { type SlurmCluster, startSlurm } from '../../test/clusters/slurm/cluster.ts';
import type { Sample } from '../harness.ts';
import { alike, PROGRAM } from '../workloads.ts';
import { type Context, seconds } from './world.ts';

const NODES = { nodes: 3, cpus: 8 };
const CPUS = NODES.nodes * NODES.cpus;
/** Steps that are started at once: more of them wait for each other. */
const STEPS_AT_ONCE = 8;
/** Between two looks at a queue, each of which takes Slurm a moment too. */
const LOOK_MS = 50;
const QUIET = ['--ntasks=1', '--chdir=/tmp', '--output=/dev/null'];

/** One array with an element for each program. */
export async function slurmArray({ sizes }: Context): Promise<Sample> {
  await using cluster = await startSlurm(NODES);
  return await timed(sizes.short, async () => {
    const array = `--array=0-${sizes.short - 1}`;
    await expect(cluster, ['sbatch', array, ...QUIET, `--wrap=exec ${PROGRAM}`]);
    await queueOver(cluster);
  });
}

/** One sbatch after the other. */
export async function slurmSbatch({ sizes }: Context): Promise<Sample> {
  await using cluster = await startSlurm(NODES);
  return await timed(sizes.short, async () => {
    for (let i = 0; i < sizes.short; i++) {
      await expect(cluster, ['sbatch', ...QUIET, `--wrap=exec ${PROGRAM}`]);
    }
    await queueOver(cluster);
  });
}

/** Steps of an allocation that is there already. */
export async function slurmSteps({ sizes }: Context): Promise<Sample> {
  await using cluster = await startSlurm(NODES);
  const granted = await expect(cluster, ['salloc', '--no-shell', `--ntasks=${CPUS}`]);
  const id = /job allocation (\d+)/.exec(granted)?.[1];
  const step = ['srun', `--jobid=${id}`, '--exact', '--ntasks=1', '--chdir=/tmp', PROGRAM];
  let left = sizes.short;
  return await timed(sizes.short, async () => {
    const line = async () => {
      while (left-- > 0) await expect(cluster, step);
    };
    await Promise.all(Array.from({ length: STEPS_AT_ONCE }, line));
  });
}

/** Units through one pilot: from its creation, and from when it runs. */
export async function slurmPilot({ sizes, directory }: Context): Promise<Sample> {
  await using cluster = await startSlurm(NODES);
  Object.assign(process.env, cluster.environment);
  await using pilots = await PilotJobService.open({ store: directory });
  await using work = await WorkUnitService.open({ store: directory, services: [pilots] });
  const created = seconds();
  await pilots.create('slurm://', { totalCpuCount: CPUS });
  // As many as the others: the first of them come when the pilot does.
  await work.submit(alike(sizes.short));
  await work.wait();
  const first = seconds();
  await work.submit(alike(sizes.short));
  await work.wait();
  const second = seconds();
  const { byState, total } = work.statistics;
  if (byState.Done !== total) throw new Error(`${byState.Done} of ${total} units are Done`);
  return { perSecond: sizes.short / (second - first), withStart: sizes.short / (first - created) };
}

async function timed(count: number, act: () => Promise<void>): Promise<Sample> {
  const start = seconds();
  await act();
  return { perSecond: count / (seconds() - start) };
}

/** Runs a command of Slurm's and returns all that it says. */
async function expect(cluster: SlurmCluster, command: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await cluster.run(command);
  if (exitCode !== 0) throw new Error(`${command.join(' ')} ended with ${exitCode}: ${stderr}`);
  return stdout + stderr;
}

async function queueOver(cluster: SlurmCluster): Promise<void> {
  while ((await expect(cluster, ['squeue', '--noheader', '--format=%i'])) !== '') {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}
