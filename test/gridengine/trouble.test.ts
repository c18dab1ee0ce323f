/** What Grid Engine, its hosts and its administrators do to pilots, and that no work is lost by it. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { PATIENCE_MS } from '../clusters/base/pilot-world.ts';
import { type GridEngineCluster, startGridEngine } from '../clusters/gridengine/cluster.ts';
import { reached } from '../integration/fixture.ts';
import { gridEngine, isSubmitting, leftQueue, mend, numbersIn, openGridEngine } from './fixture.ts';

const CORES = 2;
/** No sooner than at a time that is over. */
const NOW = ['-a', '01010000'];

/** When a pilot is not to start by itself within a test. */
const later = () => new Date(Date.now() + 3_600_000);

describe('when', { timeout: 2 * PATIENCE_MS }, () => {
  let cluster: GridEngineCluster;
  beforeAll(async () => {
    cluster = await startGridEngine({
      hosts: 2,
      slots: CORES,
      parallel: [{ name: 'pairs', rule: CORES, controlSlaves: true }],
    });
  });
  afterAll(() => cluster.stop());
  afterEach(() => mend(cluster));

  it('a pilot is ended by qdel: it says so, and another does its work', async () => {
    await using world = await openGridEngine(cluster);
    const pilot = await world.createRunning({ totalCpuCount: CORES });
    await world.submitGated(CORES);
    await gridEngine(cluster, 'qdel', pilot.nativeId ?? '');
    await pilot.finished();
    expect(pilot.state).toBe('Canceled');
    expect(pilot.stateDetail).toContain('deleted while it ran');
    await world.openGate();
    await world.create({ totalCpuCount: CORES });
    await world.work.wait();
    world.expectAllDone();
    expect([...world.work.workUnits].map(({ attempt }) => attempt)).toEqual([2, 2]);
  });

  it('a host dies: its units run again on the other, which goes on with its own', async () => {
    await using world = await openGridEngine(cluster);
    const description = { numberOfProcesses: 2, threadsPerProcess: CORES };
    const pilot = await world.createRunning(description, 2);
    const units = await world.submitGated(2 * CORES);
    // Not the one with the script, on which Grid Engine has the whole of it depend.
    const queue = await gridEngine(cluster, 'qstat', '-g', 't', '-u', '*');
    const master = /all\.q@(g\d) +MASTER/.exec(queue)?.[1];
    const victim = cluster.hostNames.find((name) => name !== master) ?? '';
    await cluster.host(victim).kill();
    await expect
      .poll(() => world.work.statistics.byState, { timeout: 2 * PATIENCE_MS })
      .toMatchObject({ Running: CORES, Unknown: 0 });
    expect(pilot.state).toBe('Running');
    await world.openGate();
    await world.work.wait();
    world.expectAllDone();
    const starts = units.map(({ id }) => world.startsOf(id));
    expect(starts.sort()).toEqual([...Array(CORES).fill(1), ...Array(CORES).fill(2)]);
    // By force, as Grid Engine would wait for the host to say that its part is over. The host is back first:
    // while one is dead its qmaster dies of that now and then.
    await cluster.host(victim).start();
    await cluster.run(['qdel', '-f', pilot.nativeId ?? '']);
    await pilot.finished();
    expect(pilot.stateDetail).toContain('deleted by force');
  });

  it('qmaster is killed and comes back: the work goes on meanwhile, and the pilot after it', async () => {
    await using world = await openGridEngine(cluster);
    const pilot = await world.createRunning({ totalCpuCount: CORES });
    await world.submitGated(CORES);
    await cluster.qmaster.kill();
    await world.openGate();
    await world.work.wait();
    const [unit] = await world.work.submit([world.gated()]);
    await unit?.result();
    expect(pilot.state).toBe('Running');
    await cluster.startAgain();
    world.expectAllDone();
    // Whoever asks for it is answered: the session that was there before is there again.
    const [{ host } = { host: '' }] = pilot.nodes;
    const canceled = pilot.cancel();
    await cluster.host(host).outliveJobs();
    await canceled;
    expect(pilot.state).toBe('Canceled');
    await leftQueue(cluster, pilot);
  });

  it('a host is not heard of: a pilot that is canceled is over with its agents, and says what keeps it', async () => {
    await using world = await openGridEngine(cluster);
    const pilot = await world.createRunning({ totalCpuCount: CORES });
    const [{ host } = { host: '' }] = pilot.nodes;
    const details: string[] = [];
    pilot.stateDetail$.subscribe((detail) => details.push(detail));
    await cluster.host(host).stop();
    await pilot.cancel();
    expect(pilot.state).toBe('Canceled');
    expect(details.join()).toContain(`hears nothing of ${host}`);
    // Grid Engine itself goes on waiting.
    expect(await numbersIn(cluster)).toContain(pilot.nativeId);
    await cluster.host(host).start();
    await leftQueue(cluster, pilot);
  });

  it('qmaster hangs while a pilot is submitted: there is one native job, not two and not none', async () => {
    await using world = await openGridEngine(cluster);
    await world.createRunning({ totalCpuCount: CORES });
    const before = await numbersIn(cluster);
    await cluster.qmaster.pause();
    const created = world.create({ totalCpuCount: CORES });
    await expect.poll(() => isSubmitting(cluster), { timeout: PATIENCE_MS }).toBe(true);
    cluster.qmaster.resume();
    const pilot = await created;
    await reached(pilot, 'Running');
    const added = (await numbersIn(cluster)).filter((id) => !before.includes(id));
    expect(added).toEqual([pilot.nativeId]);
  });

  // What qsub submits would wait in an error state (Eqw) until somebody clears it.
  it('a pilot cannot be started: as it came by DRMAA it is over, and says why', async () => {
    await using world = await openGridEngine(cluster);
    const workingDirectory = join(cluster.directory, 'missing');
    const pilot = await world.create({
      totalCpuCount: CORES,
      workingDirectory,
      startTime: later(),
    });
    // It was there when the pilot was created.
    await rm(workingDirectory, { recursive: true });
    await gridEngine(cluster, 'qalter', ...NOW, pilot.nativeId ?? '');
    await pilot.finished();
    expect(pilot.state).toBe('Failed');
    expect(pilot.stateDetail).toContain('changing into working directory');
  });

  it('a pilot is held: it says who is to release it and how, and runs when that is done', async () => {
    await using world = await openGridEngine(cluster);
    const pilot = await world.create({ totalCpuCount: CORES, startTime: later() });
    await gridEngine(cluster, 'qhold', pilot.nativeId ?? '');
    await gridEngine(cluster, 'qalter', ...NOW, pilot.nativeId ?? '');
    await expect.poll(() => pilot.stateDetail, { timeout: PATIENCE_MS }).toContain('hqw');
    const help = expect.poll(() => pilot.explain().wouldHelp, { timeout: PATIENCE_MS });
    await help.toEqual([`have it released: qrls ${pilot.nativeId}`]);
    await gridEngine(cluster, 'qalter', '-h', 'o', pilot.nativeId ?? '');
    const byOperator = expect.poll(() => pilot.explain().wouldHelp, { timeout: PATIENCE_MS });
    await byOperator.toEqual([`have an operator release it: qrls -h uo ${pilot.nativeId}`]);
    await gridEngine(cluster, 'qrls', '-h', 'uo', pilot.nativeId ?? '');
    await reached(pilot, 'Running');
  });
});
