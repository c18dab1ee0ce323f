/** What Slurm pilots do when nothing goes wrong, and what is refused at once. */
import type { PilotJob, PilotJobDescription } from '@pstar/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SlurmCluster, startSlurm } from '../clusters/slurm/cluster.ts';
import { reached } from '../integration/fixture.ts';
import { jobIds, PATIENCE_MS, queued, SlurmWorld } from './fixture.ts';

describe('on a cluster of three nodes with eight cores each', { timeout: 2 * PATIENCE_MS }, () => {
  let cluster: SlurmCluster;
  beforeAll(async () => {
    cluster = await startSlurm({
      nodes: 3,
      cpus: 8,
      partitions: [
        'PartitionName=debug Nodes=ALL Default=YES MaxTime=60 DefaultTime=10',
        'PartitionName=short Nodes=n3 MaxTime=5 DefaultTime=1',
        'PartitionName=paid Nodes=ALL MaxTime=60 AllowAccounts=chemistry',
      ],
    });
  });
  afterAll(() => cluster.stop());

  it('a pilot of 24 cores has an agent on each node, and does 10,000 units on all of them', async () => {
    await using world = await SlurmWorld.open(cluster);
    const { work } = world;
    const pilot = await world.createRunning({ totalCpuCount: 24 }, 3);
    const nodes = pilot.nodes.map(({ host, cores }) => `${host}: ${cores}`);
    expect(nodes.sort()).toEqual(['n1: 8', 'n2: 8', 'n3: 8']);

    const units = await work.submit(
      Array.from({ length: 10_000 }, () => ({ executable: '/bin/true' })),
    );
    await work.wait();
    expect(work.statistics.byState.Done).toBe(10_000);
    const hosts = new Map<string, number>();
    for (const { exit } of units) {
      const host = exit?.host ?? '';
      hosts.set(host, 1 + (hosts.get(host) ?? 0));
    }
    expect([...hosts.keys()].sort()).toEqual(['n1', 'n2', 'n3']);
    expect(Math.min(...hosts.values())).toBeGreaterThan(1000);
  });

  it('pilots of two partitions share the work', async () => {
    await using world = await SlurmWorld.open(cluster);
    const [debug, short] = await Promise.all([
      world.createRunning({ totalCpuCount: 2, queue: 'debug' }),
      world.createRunning({ totalCpuCount: 2, queue: 'short' }),
    ]);
    expect(await queued(cluster, debug, '%P')).toBe('debug');
    expect(await queued(cluster, short, '%P %N')).toBe('short n3');
    // All at once, so that neither can have them all.
    const units = await world.submitGated(4);
    const places = units.map(({ pilotJob }) => pilotJob?.id);
    expect(places.sort()).toEqual([debug, debug, short, short].map(({ id }) => id).sort());
    await world.openGate();
    await world.work.wait();
    world.expectAllDone();
  });

  it('pilots that are created at once are one array, and live each its own life', async () => {
    await using world = await SlurmWorld.open(cluster);
    const description = { totalCpuCount: 1, name: 'several' };
    const pilots = await Promise.all([1, 2, 3].map(() => world.create(description)));
    const arrays = await Promise.all(pilots.map((pilot) => queued(cluster, pilot, '%F')));
    // One as a rule; a machine that is busy elsewhere in between begins another.
    expect(new Set(arrays).size).toBeLessThan(pilots.length);
    expect(new Set(pilots.map(({ nativeId }) => nativeId)).size).toBe(3);
    await Promise.all(pilots.map((pilot) => reached(pilot, 'Running')));

    const units = await world.submitGated(3);
    expect(new Set(units.map(({ pilotJob }) => pilotJob?.id)).size).toBe(3);
    const [canceled, ...others] = pilots as [PilotJob, ...PilotJob[]];
    await canceled.cancel();
    expect(others.map(({ state }) => state)).toEqual(['Running', 'Running']);
    await world.openGate();
    await world.work.wait();
    world.expectAllDone();
  });

  it.each<[what: string, PilotJobDescription, sentence: RegExp]>([
    ['a partition that is not there', { queue: 'nosuch' }, /invalid partition/i],
    [
      'more cores than there are',
      { totalCpuCount: 1000 },
      /node (configuration|count)|processors/i,
    ],
    ['a longer limit than is allowed', { wallTimeLimit: '2h' }, /time limit is invalid/i],
    ['another account', { queue: 'paid', project: 'physics' }, /invalid account/i],
  ])(
    '%s is refused in Slurm’s own words, and nothing is left',
    async (_, description, sentence) => {
      await using world = await SlurmWorld.open(cluster);
      const before = await jobIds(cluster);
      await expect(world.create(description)).rejects.toThrow(sentence);
      expect(await jobIds(cluster)).toEqual(before);
      expect(world.pilots.pilotJobs).toEqual([]);
    },
  );
});
