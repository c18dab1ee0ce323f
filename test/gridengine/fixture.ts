/** Grid Engine pilots on a test file's own cluster, and what Grid Engine says of them. */
import { drmaaAdaptor } from '@pstar/adaptor-drmaa';
import type { PilotJob } from '@pstar/core';
import { expect } from 'vitest';
import { runCommand } from '../clusters/base/commands.ts';
import { PATIENCE_MS, PilotWorld } from '../clusters/base/pilot-world.ts';
import { DRMAA_LIBRARY, type GridEngineCluster } from '../clusters/gridengine/cluster.ts';

/** A cluster as `create` wants it named; states are asked for every second. */
export function gridEngineUrl({ environment }: GridEngineCluster): string {
  return `drmaa://${DRMAA_LIBRARY}?root=${environment.SGE_ROOT}&poll=1`;
}

/** Both services in a store of their own, gone with the test. */
export function openGridEngine(cluster: GridEngineCluster): Promise<PilotWorld> {
  return PilotWorld.open(gridEngineUrl(cluster), drmaaAdaptor);
}

/** What a command of Grid Engine's writes; it must succeed. */
export async function gridEngine(cluster: GridEngineCluster, ...command: string[]) {
  const { exitCode, stdout, stderr } = await cluster.run(command);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  return stdout;
}

/** The numbers in the queue, in order. */
export async function numbersIn(cluster: GridEngineCluster): Promise<string[]> {
  const text = await gridEngine(cluster, 'qstat', '-u', '*');
  return [...text.matchAll(/^ *(\d+) /gm)].map(([, id = '']) => id).sort();
}

/** Whether a qmaster that hangs has something to read from a library of this program's. */
export async function isSubmitting({ environment }: GridEngineCluster): Promise<boolean> {
  const { stdout } = await runCommand(['ss', '-Htnp']);
  const qmaster = `\\S+:${environment.SGE_QMASTER_PORT}`;
  const libraries = [...stdout.matchAll(RegExp(`(\\S+) +${qmaster} +users:\\(\\("node"`, 'g'))];
  // How much is unread stands first.
  return libraries.some(([, at]) => RegExp(` [1-9]\\d* +\\d+ +${qmaster} +${at} `).test(stdout));
}

/** Settles when Grid Engine itself knows nothing of a pilot any more, as a user would look. */
export async function leftQueue(cluster: GridEngineCluster, pilot: PilotJob): Promise<void> {
  await expect
    .poll(() => numbersIn(cluster), { timeout: PATIENCE_MS })
    .not.toContain(pilot.nativeId);
}

/** Makes a cluster whole again, whatever was done to it: one scenario is not to fail the next. */
export async function mend(cluster: GridEngineCluster): Promise<void> {
  if (cluster.qmaster.isPaused) cluster.qmaster.resume();
  await cluster.qmaster.start();
  await cluster.run(['qdel', '-f', '-u', '*']);
  await Promise.all(cluster.hostNames.map((name) => cluster.host(name).start()));
  await cluster.settled();
}
