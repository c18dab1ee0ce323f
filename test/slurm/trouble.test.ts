/** What Slurm, its nodes and its administrators do to pilots, and that no work is lost by it. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type SlurmCluster, startSlurm } from '../clusters/slurm/cluster.ts';
import { reached } from '../integration/fixture.ts';
import { isRunning, jobIds, mend, PATIENCE_MS, queued, SlurmWorld, scontrol } from './fixture.ts';

const CORES = 2;

describe('when', { timeout: 2 * PATIENCE_MS }, () => {
  let cluster: SlurmCluster;
  beforeAll(async () => {
    cluster = await startSlurm({ nodes: 3, cpus: CORES });
  });
  afterAll(() => cluster.stop());
  afterEach(() => mend(cluster));

  it('a pilot is canceled by scancel: it says so, and another does its work', async () => {
    await using world = await SlurmWorld.open(cluster);
    const pilot = await world.createRunning({ totalCpuCount: CORES });
    await world.submitGated(CORES);
    await cluster.run(['scancel', pilot.nativeId ?? '']);
    await pilot.finished();
    expect(pilot.state).toBe('Canceled');
    expect(pilot.stateDetail).toContain('CANCELLED');
    await world.openGate();
    await world.create({ totalCpuCount: CORES });
    await world.work.wait();
    world.expectAllDone();
    expect([...world.work.workUnits].map(({ attempt }) => attempt)).toEqual([2, 2]);
  });

  it('a node dies: its units run again on the others, theirs go on, and so does the pilot', async () => {
    await using world = await SlurmWorld.open(cluster);
    const pilot = await world.createRunning({ totalCpuCount: 3 * CORES }, 3);
    const units = await world.submitGated(3 * CORES);
    // Not the one with the batch script, on which Slurm has the whole job depend.
    const batchHost = await queued(cluster, pilot, '%B');
    const victim = cluster.nodeNames.find((name) => name !== batchHost) ?? '';
    await cluster.node(victim).kill();
    await cluster.node(victim).setDown();
    await expect
      .poll(() => world.work.statistics.byState, { timeout: PATIENCE_MS })
      .toMatchObject({ Running: 2 * CORES, Unknown: 0 });
    expect(pilot.state).toBe('Running');
    await world.openGate();
    await world.work.wait();
    world.expectAllDone();
    const starts = units.map(({ id }) => world.startsOf(id));
    expect(starts.sort()).toEqual([1, 1, 1, 1, 2, 2]);
    expect(pilot.state).toBe('Running');
  });

  it('the node of the batch script dies, then the other: the pilot has failed, its work is done', async () => {
    await using world = await SlurmWorld.open(cluster);
    const pilot = await world.createRunning({ totalCpuCount: 2 * CORES }, 2);
    await world.submitGated(2 * CORES);
    const batchHost = await queued(cluster, pilot, '%B');
    const other = pilot.nodes.find(({ host }) => host !== batchHost)?.host ?? '';
    await cluster.node(batchHost).kill();
    await cluster.node(batchHost).setDown();
    // Slurm still calls the job running, on a node where nothing of it is left.
    await cluster.node(other).kill();
    await pilot.finished();
    expect(pilot.state).toBe('Failed');
    expect(pilot.stateDetail).toContain('node was lost');
    // Until then Slurm waits for it to say that the canceled job is over.
    await cluster.node(other).setDown();
    await world.openGate();
    await world.create({ totalCpuCount: CORES });
    await world.work.wait();
    world.expectAllDone();
  });

  it('slurmd alone dies: its processes go on, and nothing runs twice at once', async () => {
    await using world = await SlurmWorld.open(cluster);
    const pilot = await world.createRunning({ totalCpuCount: CORES });
    await world.submitGated(CORES);
    const [{ host } = { host: '' }] = pilot.nodes;
    await cluster.node(host).stop();
    await cluster.node(host).setDown();
    await world.create({ totalCpuCount: CORES });
    await cluster.node(host).start();
    await world.openGate();
    await world.work.wait();
    world.expectAllDone();
  });

  it('the controller is killed and comes back: the work goes on meanwhile, and the pilot after it', async () => {
    await using world = await SlurmWorld.open(cluster);
    const pilot = await world.createRunning({ totalCpuCount: CORES });
    await world.submitGated(CORES);
    await cluster.controller.saved();
    await cluster.controller.kill();
    await world.openGate();
    await world.work.wait();
    const [unit] = await world.work.submit([world.gated()]);
    await unit?.result();
    await cluster.controller.start();
    await expect.poll(() => pilot.stateDetail, { timeout: PATIENCE_MS }).toContain('RUNNING');
    expect(pilot.state).toBe('Running');
    world.expectAllDone();
    await pilot.cancel();
    expect(pilot.state).toBe('Canceled');
  });

  it('the controller has lost its state: a record of an earlier job with its id is not of the pilot', async () => {
    const options = { nodes: 1, cpus: CORES, accounting: 'completion-log' } as const;
    await using forgetful = await startSlurm(options);
    const { controller } = forgetful;
    await forgetful.run(['sbatch', '--parsable', '--wrap=true']);
    const log = join(forgetful.directory, 'jobcomp.log');
    const logged = () => readFile(log, 'utf8').catch(() => '');
    await expect.poll(logged, { timeout: PATIENCE_MS }).toContain('JobId=1 ');
    await controller.forget();
    await forgetful.settled();
    await using world = await SlurmWorld.open(forgetful);
    const pilot = await world.createRunning({ totalCpuCount: CORES });
    expect(pilot.nativeId).toBe('1');
    const units = await world.submitGated(CORES);
    // Else the job would be ended with it, as one that the controller does not know.
    await forgetful.node(pilot.nodes[0]?.host ?? '').stop();
    await controller.forget();
    await expect.poll(() => pilot.stateDetail, { timeout: PATIENCE_MS }).toContain('forgotten');
    expect(pilot.stateDetail).toContain('the completion log does not have it');
    await world.openGate();
    await world.work.wait();
    world.expectAllDone();
    expect(units.map(({ id }) => world.startsOf(id))).toEqual([1, 1]);
    expect(pilot.state).toBe('Running');
  });

  it('the controller hangs while a pilot is submitted: there is one job, not two and not none', async () => {
    await using world = await SlurmWorld.open(cluster);
    await world.createRunning({ totalCpuCount: CORES });
    const before = await jobIds(cluster);
    await cluster.controller.pause();
    const created = world.create({ totalCpuCount: CORES });
    // sbatch has given up, and what it had sent is still to be read.
    const isSubmitting = () => isRunning(cluster, 'sbatch');
    await expect.poll(isSubmitting, { timeout: PATIENCE_MS }).toBe(true);
    await expect.poll(isSubmitting, { timeout: PATIENCE_MS }).toBe(false);
    cluster.controller.resume();
    const pilot = await created;
    const added = (await jobIds(cluster)).filter((id) => !before.includes(id));
    expect(added).toEqual([pilot.nativeId]);
    await reached(pilot, 'Running');
    await world.openGate();
    await world.work.submit(world.gated());
    await world.work.wait();
    expect((await jobIds(cluster)).length).toBe(before.length + 1);
  });

  it('a pilot is requeued: it waits, runs again under its id, and its units with it', async () => {
    await using world = await SlurmWorld.open(cluster);
    const pilot = await world.createRunning({ totalCpuCount: CORES });
    const { nativeId } = pilot;
    const units = await world.submitGated(CORES);
    await scontrol(cluster, 'requeue', nativeId ?? '');
    await reached(pilot, 'Pending');
    await world.openGate();
    await reached(pilot, 'Running');
    await world.work.wait();
    world.expectAllDone();
    expect(pilot.nativeId).toBe(nativeId);
    expect(units.map(({ attempt }) => attempt)).toEqual([2, 2]);
  });

  it('a pilot is held: it says who holds it, and runs when it is released', async () => {
    await using world = await SlurmWorld.open(cluster);
    const [blocker, pilot] = [
      await world.createRunning({ totalCpuCount: 3 * CORES }, 3),
      await world.create({ totalCpuCount: CORES }),
    ];
    await expect.poll(() => pilot.stateDetail, { timeout: 10_000 }).toMatch(/Resources|Priority/);
    await scontrol(cluster, 'hold', pilot.nativeId ?? '');
    await expect.poll(() => pilot.stateDetail, { timeout: 10_000 }).toContain('JobHeld');
    await blocker.cancel();
    expect(pilot.state).toBe('Pending');
    await scontrol(cluster, 'release', pilot.nativeId ?? '');
    await reached(pilot, 'Running');
  });

  it('a pilot is suspended: its units stand still, and go on when it does', async () => {
    await using world = await SlurmWorld.open(cluster);
    const pilot = await world.createRunning({ totalCpuCount: CORES });
    await world.submitGated(CORES);
    await scontrol(cluster, 'suspend', pilot.nativeId ?? '');
    await reached(pilot, 'Suspended');
    await world.openGate();
    await scontrol(cluster, 'resume', pilot.nativeId ?? '');
    await reached(pilot, 'Running');
    await world.work.wait();
    world.expectAllDone();
    expect([...world.work.workUnits].map(({ attempt }) => attempt)).toEqual([1, 1]);
  });
});
