/** Slurm pilots through a real slurmrestd: on its socket, and on a port with a token. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { PilotJob } from '@pstar/core';
import type { SecurityContext } from '@pstar/core/adaptor';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectRest } from '../../packages/adaptor-slurm/src/rest.ts';
import type { SlurmTransport } from '../../packages/adaptor-slurm/src/transport.ts';
import { processesWith } from '../../packages/core/src/adaptor/local-process.ts';
import { systemClock } from '../../packages/core/src/runtime/clock.ts';
import { silentLog } from '../../packages/core/src/runtime/log.ts';
import { type SlurmCluster, startSlurm } from '../clusters/slurm/cluster.ts';
import { reached } from '../integration/fixture.ts';
import { jobIds, PATIENCE_MS, SlurmWorld, scontrol } from './fixture.ts';

const CORES = 2;

describe('through slurmrestd', { timeout: 2 * PATIENCE_MS }, () => {
  let cluster: SlurmCluster;
  let socketUrl: string;
  let portUrl: string;
  let transport: SlurmTransport;
  let jobs = 0;
  beforeAll(async () => {
    cluster = await startSlurm({ nodes: 2, cpus: CORES, rest: true, lines: ['MessageTimeout=3'] });
    socketUrl = `slurm+unix://${cluster.restSocket}?poll=1`;
    portUrl = `slurm+http://127.0.0.1:${cluster.restPort}?poll=1`;
    transport = await connect(socketUrl);
  });
  afterAll(() => cluster.stop());

  const connect = (url: string, security?: SecurityContext) =>
    connectRest(new URL(url), {
      clock: systemClock,
      log: silentLog,
      ...(security !== undefined && { security }),
    });

  /** A job that is not a pilot. */
  const job = (script: string) => {
    const name = `job-${++jobs}`;
    const options = [
      ['job-name', name],
      ['output', '/dev/null'],
    ] as const;
    return { name, script: `#!/bin/sh\n${script}\n`, options };
  };
  const rowOf = async (id: number) => (await transport.list([String(id)]))[0];
  const becomes = (id: number, state: string) =>
    expect.poll(() => rowOf(id), { timeout: PATIENCE_MS }).toMatchObject({ state });

  async function hundredUnits({ work }: SlurmWorld, pilot: PilotJob): Promise<void> {
    await reached(pilot, 'Running');
    await work.submit(Array.from({ length: 100 }, () => ({ executable: '/bin/true' })));
    await work.wait();
    expect(work.statistics.byState.Done).toBe(100);
  }

  it('on its socket, a pilot of two nodes does a hundred units, and is canceled', async () => {
    await using world = await SlurmWorld.open(cluster);
    const description = { numberOfProcesses: 2, threadsPerProcess: CORES, wallTimeLimit: '20m' };
    const pilot = await world.pilots.create(socketUrl, description);
    await hundredUnits(world, pilot);
    await expect.poll(() => pilot.nodes.length).toBe(2);
    expect(pilot.nodes.map(({ cores }) => cores)).toEqual([CORES, CORES]);
    await pilot.cancel();
    expect(pilot.state).toBe('Canceled');
    // The agents are told as well, and may be faster.
    const state = async () => (await rowOf(Number(pilot.nativeId)))?.state;
    await expect.poll(state, { timeout: PATIENCE_MS }).toMatch(/^(CANCELLED|COMPLETED)$/);
  });

  it('on its port, a pilot does as much, and nobody gets to see the token', async () => {
    const userPass = await cluster.jwt();
    await using world = await SlurmWorld.open(cluster);
    const options = { context: { userPass } };
    const pilot = await world.pilots.create(portUrl, { totalCpuCount: CORES }, options);
    await hundredUnits(world, pilot);
    const [signature = ''] = userPass.split('.').slice(-1);
    const ofJob = processesWith('SLURM_JOB_ID', pilot.nativeId ?? '').map(({ pid }) => pid);
    expect(ofJob.length).toBeGreaterThan(0);
    for (const pid of [process.pid, ...ofJob]) {
      expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).not.toContain(signature);
    }
    for (const pid of ofJob) {
      expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).not.toContain(signature);
    }
    await pilot.cancel();
  });

  it('pilots that are created at once go one by one', async () => {
    await using world = await SlurmWorld.open(cluster);
    const create = () => world.pilots.create(socketUrl, { totalCpuCount: 1 });
    const pilots = await Promise.all([create(), create(), create()]);
    expect(new Set(pilots.map(({ nativeId }) => nativeId)).size).toBe(3);
    await Promise.all(pilots.map((pilot) => reached(pilot, 'Running')));
  });

  it('Slurm’s sentence is heard, and no job is left behind', async () => {
    await using world = await SlurmWorld.open(cluster);
    const before = await jobIds(cluster);
    const refused = (description: object) => world.pilots.create(socketUrl, description);
    await expect(refused({ queue: 'nosuch' })).rejects.toMatchObject({
      code: 'DESCRIPTION_INVALID',
      problem: 'Invalid partition name specified',
      hint: 'there are debug, short',
    });
    await expect(refused({ wallTimeLimit: '2h', queue: 'short' })).rejects.toMatchObject({
      code: 'DESCRIPTION_INVALID',
      subject: 'wallTimeLimit',
      hint: 'short allows 00:05:00',
    });
    await expect(refused({ totalCpuCount: 1000 })).rejects.toMatchObject({
      problem: 'More processors requested than permitted',
    });
    await expect(refused({ nativeOptions: { contiguous: true } })).rejects.toMatchObject({
      code: 'ATTRIBUTE_UNSUPPORTED',
      subject: 'nativeOptions.contiguous',
    });
    expect(await jobIds(cluster)).toEqual(before);
  });

  it('a token is asked for, and a wrong one refused', async () => {
    await using world = await SlurmWorld.open(cluster);
    const create = (userPass?: string) =>
      world.pilots.create(portUrl, { totalCpuCount: 1 }, userPass ? { context: { userPass } } : {});
    await expect(create()).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' });
    const [header, payload] = (await cluster.jwt()).split('.');
    const forged = `${header}.${payload}.${Buffer.from('forged').toString('base64url')}`;
    await expect(create(forged)).rejects.toMatchObject({
      code: 'AUTHENTICATION_FAILED',
      problem: 'slurmctld does not take this token',
    });
  });

  it('a job is held, released, suspended, resumed, signaled and canceled', async () => {
    const held = job('sleep 1000');
    const id = await transport.submit({ ...held, options: [...held.options, ['hold', true]] });
    expect(await rowOf(id)).toMatchObject({ state: 'PENDING', reason: 'JobHeldUser', nodes: '' });
    await scontrol(cluster, 'release', String(id));
    await becomes(id, 'RUNNING');
    await scontrol(cluster, 'suspend', String(id));
    await becomes(id, 'SUSPENDED');
    await scontrol(cluster, 'resume', String(id));
    await becomes(id, 'RUNNING');
    await transport.cancel([String(id), '4000000']);
    await becomes(id, 'CANCELLED');
    await transport.cancel([String(id)]);
    await expect(transport.signal('4000000', 'SIGUSR1')).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  it('ends are told: an exit code, and the signal that was sent', async () => {
    const exits = await transport.submit(job('exit 3'));
    // A job that runs by Slurm's words may not have begun, and misses the signal.
    const begun = join(cluster.directory, 'begun');
    const signaled = await transport.submit(job(`: >${begun}; exec sleep 1000`));
    await expect.poll(() => existsSync(begun), { timeout: PATIENCE_MS }).toBe(true);
    await transport.signal(String(signaled), 'SIGUSR1');
    await becomes(exits, 'FAILED');
    await becomes(signaled, 'FAILED');
    expect(await rowOf(exits)).toMatchObject({ exitCode: 3 });
    expect(await rowOf(signaled)).toMatchObject({ signal: 'SIGUSR1' });
    // Several are asked for otherwise than few.
    const ids = [exits, signaled, 4_000_001, 4_000_002, 4_000_003].map(String);
    const rows = await transport.list(ids);
    expect(rows.map(({ id }) => id).sort()).toEqual([exits, signaled].map(String).sort());
    expect(await transport.list(ids.slice(2))).toEqual([]);
    expect(await transport.past({ ids })).toEqual({ source: 'none', jobs: [] });
  });

  it('slurmrestd is gone and comes back: the work goes on meanwhile, and the pilot after it', async () => {
    await using world = await SlurmWorld.open(cluster);
    const pilot = await world.pilots.create(socketUrl, { totalCpuCount: CORES });
    await reached(pilot, 'Running');
    const aside = join(cluster.directory, 'aside.sock');
    await rename(cluster.restSocket, aside);
    await expect(transport.list(['1'])).rejects.toMatchObject({
      code: 'RESOURCE_MANAGER_UNREACHABLE',
    });
    await world.work.submit({ executable: '/bin/true' });
    await world.work.wait();
    await rename(aside, cluster.restSocket);
    await pilot.cancel();
    expect(pilot.state).toBe('Canceled');
    expect(readdirSync(cluster.directory)).toContain('rest.sock');
  });

  it('the controller hangs: a submission is in doubt, and its job is found by its name', async () => {
    const inDoubt = job('sleep 1000');
    const running = await transport.submit(job('sleep 1000'));
    await cluster.controller.pause();
    await expect(transport.submit(inDoubt)).rejects.toMatchObject({ code: 'TIMEOUT' });
    // What reads says no more than that it failed: the reason is found out.
    await expect(transport.list([String(running)])).rejects.toMatchObject({ code: 'TIMEOUT' });
    cluster.controller.resume();
    await expect
      .poll(() => transport.named(inDoubt.name), { timeout: PATIENCE_MS })
      .toHaveLength(1);
    const [found] = await transport.named(inDoubt.name);
    await transport.cancel([String(running), found?.id ?? '']);
  });

  it('the controller hangs while a pilot is submitted: there is one job, not two and not none', async () => {
    await using world = await SlurmWorld.open(cluster);
    await world.pilots.create(socketUrl, { totalCpuCount: 1 });
    const before = await jobIds(cluster);
    await cluster.controller.pause();
    const created = world.pilots.create(socketUrl, { totalCpuCount: 1 });
    // When the second of these is given up, the pilot's own submission has been for long.
    for (const script of ['true', 'true']) {
      await expect(transport.submit(job(script))).rejects.toMatchObject({ code: 'TIMEOUT' });
    }
    cluster.controller.resume();
    const pilot = await created;
    await reached(pilot, 'Running');
    const { stdout } = await cluster.run(['squeue', '-h', '-t', 'all', '-o', '%i %j']);
    const added = stdout.split('\n').filter((line) => {
      const [id = '', name = ''] = line.split(' ');
      return id !== '' && !before.includes(id) && !name.startsWith('job-');
    });
    expect(added).toHaveLength(1);
    expect(added[0]).toMatch(new RegExp(`^${pilot.nativeId} `));
  });

  it('the controller is gone: that is said, and not that the token is wrong', async () => {
    const byToken = await connect(portUrl, { userPass: await cluster.jwt() });
    await cluster.controller.stop();
    await expect(byToken.list(['1'])).rejects.toMatchObject({
      code: 'RESOURCE_MANAGER_UNREACHABLE',
    });
    await cluster.controller.start();
    expect(await byToken.list(['4000000'])).toEqual([]);
  });
});
