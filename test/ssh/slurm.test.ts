/** A Slurm that is reached by ssh alone: the login node is a host, and nothing is shared with it. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TaskError, task } from '@pstar/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SlurmCluster } from '../clusters/slurm/cluster.ts';
import { cannotIsolate, type SshHosts, startSshHosts } from '../clusters/ssh/hosts.ts';
import { startSlurmBehind } from '../clusters/ssh/slurm-behind.ts';
import { type Deed, deed, double, merge, picky, reverse, words } from '../functions/mapped.ts';
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

  it('calls functions there, whatever they do to their workers', async () => {
    await using world = await SshWorld.open(hosts);
    await world.createRunning({ totalCpuCount: 8 }, ['n1', 'n2'], rm());
    const { work } = world;
    const numbers = Array.from({ length: 5_000 }, (_, i) => i);
    expect(await work.map(double, numbers).all()).toEqual(numbers.map((each) => each * 2));
    const large = new Uint8Array(3 * 1024 * 1024).map((_, i) => i % 251);
    const [turned] = await work.map(reverse, [large]).all();
    expect(turned).toEqual(Uint8Array.from(large).reverse());

    const deeds: Deed[] = ['nothing', 'exit', 'nothing', 'kill', 'hang', 'fill', 'nothing'];
    const ends = await work
      .map(deed, deeds, { onError: 'collect', timeLimit: 2, memoryLimit: '200MiB' })
      .all();
    expect(ends.map((end) => (end instanceof TaskError ? end.kind : end))).toEqual([
      ...['nothing', 'crashed', 'nothing', 'crashed'],
      ...['time-limit', 'out-of-memory', 'nothing'],
    ]);
    const [, refused] = await work.map(picky, [1, 7], { onError: 'collect' }).all();
    const { host, remoteStack } = refused as TaskError;
    expect(host).toMatch(/^n[12]$/);
    expect(remoteStack).toMatch(/functions\/mapped\.ts:\d+:\d+/);

    const text = ['a rose', 'is a rose', 'is a', 'rose'];
    const counts = await work.map(words, text, { batch: 1 }).reduce(merge);
    expect(counts).toEqual({ a: 3, rose: 3, is: 2 });
    const { module, exportName } = task<typeof double>(double.module, 'double');
    const first = await work.submit({ module, export: exportName, args: [21] });
    const second = await work.submit({ module, export: exportName, args: [first] });
    expect(await second.value()).toBe(84);
  });
});
