/** Time limits: Slurm counts them in minutes and looks every 30 s, so these stand beside the others. */
import { afterAll, beforeAll, describe, it } from 'vitest';
import { type SlurmCluster, startSlurm } from '../clusters/slurm/cluster.ts';
import { PATIENCE_MS, SlurmWorld, scontrol } from './fixture.ts';

describe.concurrent('at its time limit', { timeout: 2 * PATIENCE_MS }, () => {
  let cluster: SlurmCluster;
  beforeAll(async () => {
    cluster = await startSlurm({ nodes: 3, cpus: 2 });
  });
  afterAll(() => cluster.stop());

  it('a pilot ends by itself: it is Done, and another has its units', async ({ expect }) => {
    await using world = await SlurmWorld.open(cluster);
    const pilot = await world.createRunning({ totalCpuCount: 2, wallTimeLimit: '1m' });
    await world.submitGated(2);
    await pilot.finished();
    expect(pilot.state).toBe('Done');
    expect(pilot.stateDetail).toContain('time limit');
    await world.openGate();
    await world.create({ totalCpuCount: 2 });
    await world.work.wait();
    world.expectAllDone();
  });

  it('by Slurm’s clock it hands its units back before Slurm kills it', async ({ expect }) => {
    await using world = await SlurmWorld.open(cluster);
    const pilot = await world.createRunning({ totalCpuCount: 2, wallTimeLimit: '30m' });
    const units = await world.submitGated(2);
    // An administrator has other plans than the pilot was told.
    const end = new Date(Date.now() + 90_000);
    const local = new Date(end.getTime() - end.getTimezoneOffset() * 60_000);
    await scontrol(
      cluster,
      'update',
      `JobId=${pilot.nativeId}`,
      `EndTime=${local.toISOString().slice(0, 19)}`,
    );
    await pilot.finished();
    expect(pilot.state).toBe('Done');
    await world.openGate();
    await world.create({ totalCpuCount: 2 });
    await world.work.wait();
    world.expectAllDone();
    expect(units.map(({ attempt }) => attempt)).toEqual([2, 2]);
  });
});
