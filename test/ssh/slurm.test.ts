/** A Slurm that is reached by ssh alone: the login node is a host, and nothing is shared with it. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SlurmCluster } from '../clusters/slurm/cluster.ts';
import { cannotIsolate, type SshHosts, startSshHosts } from '../clusters/ssh/hosts.ts';
import { startSlurmBehind } from '../clusters/ssh/slurm-behind.ts';
import { reached } from '../integration/fixture.ts';
import { filesOn, PATIENCE_MS, SshWorld } from './fixture.ts';

describe.skipIf(await cannotIsolate())('slurm+ssh://', { timeout: 2 * PATIENCE_MS }, () => {
  let hosts: SshHosts;
  let cluster: SlurmCluster;
  beforeAll(async () => {
    hosts = await startSshHosts();
    cluster = await startSlurmBehind(hosts, hosts.host('h1'), { nodes: 2, cpus: 4 });
  });
  afterAll(() => hosts.stop());

  const rm = () => `slurm+ssh://h1/?config=${encodeURIComponent(hosts.config)}&poll=1`;

  async function jobs(): Promise<string> {
    return (await cluster.run(['squeue', '-h', '-o', '%T'])).stdout.trim();
  }

  it('has agents on compute nodes, and they do their work', async () => {
    await using world = await SshWorld.open(hosts);
    await world.createRunning({ totalCpuCount: 8 }, ['n1', 'n2'], rm());
    const units = await world.submitGated(8);
    await hosts.host('h1').cut();
    await world.openGate();
    await world.work.wait();
    world.expectAllDoneOnce();
    expect(new Set(units.map(({ exit }) => exit?.host))).toEqual(new Set(['n1', 'n2']));
  });

  it('goes on when its services are closed, and is known when they are open again', async () => {
    await using world = await SshWorld.open(hosts);
    const pilot = await world.createRunning({ totalCpuCount: 4 }, ['n1'], rm());
    await world.submitGated(2);
    const { nativeId } = pilot;
    await world.reopen();
    await world.openGate();
    await world.work.wait();
    world.expectAllDoneOnce();
    expect(world.pilots.pilotJobs.map((each) => each.nativeId)).toEqual([nativeId]);
  });

  it('leaves nothing there when it is canceled, or refused', async () => {
    await using world = await SshWorld.open(hosts);
    const h1 = hosts.host('h1');
    const before = await filesOn(hosts, h1);
    const pilot = await world.createRunning({ totalCpuCount: 1 }, ['n1'], rm());
    await world.submitGated(1);
    await pilot.cancel();
    await expect(world.pilots.create(rm(), { queue: 'nosuch' })).rejects.toThrow(
      /invalid partition/i,
    );
    await expect.poll(jobs, { timeout: PATIENCE_MS }).toBe('');
    expect(await filesOn(hosts, h1)).toEqual(before);
  });

  it('has pilots of one moment as one array there, with their logs here, and leaves nothing', async () => {
    await using world = await SshWorld.open(hosts);
    const h1 = hosts.host('h1');
    const before = await filesOn(hosts, h1);
    const outputs = ['a', 'b', 'c'].map((name) => join(world.store, name));
    const initCommands = ['echo began'];
    const pilots = await Promise.all(
      outputs.map((output) =>
        world.pilots.create(rm(), { totalCpuCount: 1, initCommands, output }),
      ),
    );
    expect(new Set(pilots.map(({ nativeId }) => nativeId?.split('_')[0])).size).toBe(1);
    await Promise.all(pilots.map((pilot) => reached(pilot, 'Running')));
    // The first one's directory is gone before the others are over.
    for (const pilot of pilots) await pilot.cancel();
    for (const output of outputs) expect(await readFile(output, 'utf8')).toContain('began');
    await world.pilots.close();
    expect(await filesOn(hosts, h1)).toEqual(before);
  });

  it('hears of a job that was canceled over there', async () => {
    await using world = await SshWorld.open(hosts);
    const pilot = await world.createRunning({ totalCpuCount: 1 }, ['n1'], rm());
    await hosts.host('h1').run(`scancel ${pilot.nativeId}`);
    await pilot.finished();
    expect(pilot.state).toBe('Canceled');
  });

  it('moves files to units on compute nodes, and back', async () => {
    await using world = await SshWorld.open(hosts);
    await reached(await world.pilots.create(rm(), { totalCpuCount: 1 }), 'Running');
    const { stageThere } = await import('./staging.ts');
    await stageThere(world);
  });
});
