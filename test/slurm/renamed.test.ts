/** Pilots whose jobs get another name, by their user or an administrator: they go on to be the pilots'. */
import type { PilotJobDescription } from '@pstar/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SlurmCluster, startSlurm } from '../clusters/slurm/cluster.ts';
import { reached } from '../integration/fixture.ts';
import { PATIENCE_MS, queued, SlurmWorld, scontrol, slurmUrl } from './fixture.ts';

const HELD: PilotJobDescription = { totalCpuCount: 1, nativeOptions: { hold: true } };

describe('a pilot that is renamed', { timeout: 2 * PATIENCE_MS }, () => {
  let cluster: SlurmCluster;
  beforeAll(async () => {
    cluster = await startSlurm({ nodes: 1, cpus: 2, rest: true });
  });
  afterAll(() => cluster.stop());

  const urls = {
    commands: () => slurmUrl(cluster),
    slurmrestd: () => `slurm+unix://${cluster.restSocket}?poll=1`,
  };

  it.each(['commands', 'slurmrestd'] as const)('runs, and ends when it is to: %s', async (way) => {
    await using world = await SlurmWorld.open(cluster);
    const { pilots } = world;
    const created = await Promise.all([1, 2].map(() => pilots.create(urls[way](), HELD)));
    for (const pilot of created) {
      await expect.poll(() => pilot.stateDetail, { timeout: 10_000 }).toContain('JobHeld');
      await scontrol(cluster, 'update', `JobId=${pilot.nativeId}`, 'JobName=mine');
    }
    const [one, other] = created as [(typeof created)[0], (typeof created)[0]];
    await scontrol(cluster, 'release', one.nativeId ?? '');
    await reached(one, 'Running');
    await world.work.submit({ executable: '/bin/true' });
    await world.work.wait();
    expect(other.state).toBe('Pending');
    expect(other.stateDetail).toContain('JobHeld');
    await other.cancel();
    expect(other.state).toBe('Canceled');
    expect(await queued(cluster, other, '%T %j')).toBe('CANCELLED mine');
  });
});
