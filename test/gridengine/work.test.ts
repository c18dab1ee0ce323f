/** What Grid Engine pilots do when nothing goes wrong. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PATIENCE_MS } from '../clusters/base/pilot-world.ts';
import { type GridEngineCluster, startGridEngine } from '../clusters/gridengine/cluster.ts';
import { gridEngine, openGridEngine } from './fixture.ts';

describe('on a cluster of two hosts with eight slots each', { timeout: 2 * PATIENCE_MS }, () => {
  let cluster: GridEngineCluster;
  beforeAll(async () => {
    cluster = await startGridEngine({
      hosts: 2,
      slots: 8,
      parallel: [{ name: 'fours', rule: 4, controlSlaves: true }],
    });
  });
  afterAll(() => cluster.stop());

  it('a pilot of eight slots does 5,000 units, eight at a time', async () => {
    await using world = await openGridEngine(cluster);
    const { work } = world;
    const pilot = await world.createRunning({ totalCpuCount: 8 });
    expect(pilot.nodes.map(({ cores }) => cores)).toEqual([8]);
    expect(await gridEngine(cluster, 'qstat', '-f')).toMatch(/ 0\/8\/8 /);
    await work.submit(Array.from({ length: 5000 }, () => ({ executable: '/bin/true' })));
    await work.wait();
    expect(work.statistics.byState.Done).toBe(5000);
    // As many at once as it has, and not one more.
    const units = await world.submitGated(8);
    const [ninth] = await work.submit([world.gated()]);
    expect(ninth?.state).not.toBe('Running');
    await world.openGate();
    await work.wait();
    expect(units.map(({ attempt }) => attempt)).toEqual(Array(8).fill(1));
  });

  it('a pilot of two hosts has an agent on each', async () => {
    await using world = await openGridEngine(cluster);
    const pilot = await world.createRunning({ numberOfProcesses: 2, threadsPerProcess: 4 }, 2);
    const nodes = pilot.nodes.map(({ host, cores }) => `${host}: ${cores}`);
    expect(nodes.sort()).toEqual(['g1: 4', 'g2: 4']);
    const units = await world.submitGated(8);
    await world.openGate();
    await world.work.wait();
    world.expectAllDone();
    const hosts = units.map(({ exit }) => exit?.host).sort();
    expect(hosts).toEqual([...Array(4).fill('g1'), ...Array(4).fill('g2')]);
  });
});
