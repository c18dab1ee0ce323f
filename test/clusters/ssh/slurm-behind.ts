/**
 * A Slurm whose login node is a host: its controller and its nodes have the host's file systems, as
 * nodes and login nodes of clusters have, and the machine that the tests run on has not.
 */
import { type SlurmCluster, type SlurmOptions, startSlurm } from '../slurm/cluster.ts';
import type { SshHost, SshHosts } from './hosts.ts';

/** Starts it; who logs in to the host has `sbatch` and finds it. It ends with the hosts at the latest. */
export async function startSlurmBehind(
  hosts: SshHosts,
  host: SshHost,
  options: SlurmOptions = {},
): Promise<SlurmCluster> {
  const cluster = await startSlurm({
    ...options,
    parent: hosts.shared,
    within: (command) => host.inside(command),
  });
  await host.setEnvironment('SLURM_CONF', cluster.conf);
  return cluster;
}
