/** What a description asks for is what comes: nodes, cores, memory, gpus, names and logs. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PilotJobDescription } from '@pstar/core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type SlurmCluster, startSlurm } from '../clusters/slurm/cluster.ts';
import { reached, textOf } from '../integration/fixture.ts';
import { jobIds, queued, SlurmWorld, scontrol } from './fixture.ts';

const MEBIBYTE = 2 ** 20;

let cluster: SlurmCluster;

beforeAll(async () => {
  cluster = await startSlurm({ nodes: 3, cpus: 8, gpus: 2 });
});

afterAll(() => cluster.stop());

async function opened(parent?: string): Promise<SlurmWorld> {
  const world = await SlurmWorld.open(cluster, parent);
  onTestFinished(() => world[Symbol.asyncDispose]());
  return world;
}

/** What a unit with this line says, on any pilot that has room. */
async function said({ work }: SlurmWorld, line: string, parts: object = {}): Promise<string> {
  const unit = await work.submit({ executable: '/bin/sh', arguments: ['-c', line], ...parts });
  const text = await textOf(unit.stdout$);
  expect((await unit.result()).exitCode, unit.explain().toString()).toBe(0);
  return text.trim();
}

describe('a pilot on Slurm', () => {
  it('may have its directory, its output and its errors in paths that have backslashes', async () => {
    const parent = await mkdtemp(join(tmpdir(), 'pstar-a\\b%j-'));
    onTestFinished(() => rm(parent, { recursive: true, force: true }));
    const world = await opened(parent);
    const [output, error] = [join(parent, 'o\\%x'), join(parent, 'e\\%x')];
    const initCommands = ['echo said; echo complained >&2'];
    const one = { totalCpuCount: 1, workingDirectory: parent, initCommands, output, error };
    // Those that are the same would be an array.
    const descriptions = [one, { totalCpuCount: 1 }, { totalCpuCount: 1 }];
    const pilots = await Promise.all(descriptions.map((each) => world.create(each)));
    for (const pilot of pilots) await reached(pilot, 'Running');
    expect(await readFile(output, 'utf8')).toContain('said\n');
    expect(await readFile(error, 'utf8')).toContain('complained\n');
    expect(await said(world, 'echo here')).toBe('here');
  });

  it('offers what it has of each node', async () => {
    const world = await opened();
    const pilot = await world.createRunning(
      {
        numberOfProcesses: 2,
        threadsPerProcess: 3,
        totalPhysicalMemory: '500MiB',
        agent: { gpus: 1 },
        candidateHosts: ['n2', 'n3'],
        cpuArchitecture: 'x86_64',
      },
      2,
    );
    const nodes = pilot.nodes.map(({ host, cores, memory, gpus }) => ({
      host,
      cores,
      memory,
      gpus,
    }));
    const each = { cores: 3, memory: 500 * MEBIBYTE, gpus: 1 };
    expect(nodes.sort((a, b) => a.host.localeCompare(b.host))).toEqual([
      { host: 'n2', ...each },
      { host: 'n3', ...each },
    ]);
    expect(await said(world, 'echo $CUDA_VISIBLE_DEVICES', { gpus: 1 })).toBe('0');
  });

  it.each<[PilotJobDescription, number[]]>([
    [{ totalCpuCount: 12 }, [4, 8]],
    [{ numberOfProcesses: 2, nativeOptions: { exclusive: true } }, [8, 8]],
    [{ threadsPerProcess: 5 }, [5]],
    [{}, [1]],
  ])('that asks for %j has nodes of %j cores', async (description, cores) => {
    const world = await opened();
    const pilot = await world.createRunning(description, cores.length);
    expect(pilot.nodes.map((node) => node.cores).sort()).toEqual(cores);
  });

  it('has units that call srun: on their own node, or on any, with nothing of the agents’ step', async () => {
    const world = await opened();
    await world.createRunning({ numberOfProcesses: 2, threadsPerProcess: 2 }, 2);
    const line = 'srun -w "$SLURMD_NODENAME" -n2 printenv SLURMD_NODENAME; echo $SLURMD_NODENAME';
    const nodes = (await said(world, line)).split('\n');
    expect(nodes).toHaveLength(3);
    expect(new Set(nodes).size).toBe(1);
    expect(await said(world, 'srun printenv SLURM_NTASKS')).toBe('1');
  });

  it('has units with all the cores that Slurm gave it, and not one', async () => {
    const world = await opened();
    await world.createRunning({ threadsPerProcess: 2 });
    const here = (await readFile('/proc/self/status', 'utf8')).match(/Cpus_allowed_list:\s*(\S+)/);
    expect(await said(world, 'grep Cpus_allowed_list /proc/self/status')).toContain(here?.[1]);
  });

  it('is listed by the name that it was given', async () => {
    const world = await opened();
    const pilot = await world.create({ name: 'it\'s a "name", é|%j #1' });
    expect(await queued(cluster, pilot, '%j')).toBe(`it_s_a__name______j__1.${pilot.id}`);
  });

  it('says what keeps it, and what helps', async () => {
    const world = await opened();
    const pilot = await world.create({ nativeOptions: { hold: true } });
    const words = `slurm: PENDING (JobHeldUser); it will not run as it stands: have it released: scontrol release ${pilot.nativeId}`;
    await expect.poll(() => pilot.stateDetail).toBe(words);
    await scontrol(cluster, 'release', pilot.nativeId ?? '');
    await reached(pilot, 'Running');
  });
});

describe('pilots that are created at once', () => {
  it('are one array, and have a log each, also in their next life', async () => {
    const world = await opened();
    const logs = ['a', 'b', 'c'].map((name) => join(world.ledgers, name));
    const initCommands = ['echo began'];
    const pilots = await Promise.all(
      logs.map((output) => world.create({ totalCpuCount: 1, initCommands, output })),
    );
    expect(new Set(pilots.map(({ nativeId }) => nativeId?.split('_')[0])).size).toBe(1);
    await Promise.all(pilots.map((pilot) => reached(pilot, 'Running')));
    const beginnings = async () =>
      Promise.all(logs.map(async (log) => (await readFile(log, 'utf8')).split('began').length - 1));
    await expect.poll(beginnings).toEqual([1, 1, 1]);
    await scontrol(cluster, 'requeue', pilots[1]?.nativeId ?? '');
    await expect.poll(beginnings, { timeout: 60_000 }).toEqual([1, 2, 1]);
  });
});

describe('what Slurm does not take', () => {
  it.each<[PilotJobDescription, string]>([
    [{ queue: 'nowhere' }, 'Invalid partition name specified (queue); there are debug, short'],
    [{ totalCpuCount: 1000 }, 'More processors requested than permitted'],
    [{ threadsPerProcess: 9 }, 'Requested node configuration is not available'],
    [{ wallTimeLimit: '7d' }, 'Requested time limit is invalid (missing or exceeds some limit)'],
    [{ nativeOptions: { constraint: 'nowhere' } }, 'Invalid feature specification'],
    [{ nativeOptions: { 'no-such-option': true } }, "unrecognized option '--no-such-option'"],
  ])('%j is said in its own words, and no job waits', async (description, sentence) => {
    const world = await opened();
    const before = await jobIds(cluster);
    await expect(world.create(description)).rejects.toThrow(sentence);
    const { stdout } = await cluster.run(['squeue', '-h', '-o', '%i']);
    expect(stdout.split('\n').filter((id) => id !== '' && !before.includes(id))).toEqual([]);
  });
});
