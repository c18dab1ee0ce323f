/** Whether the cluster does what the tests of others rely on. */
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { type RequestOptions, request } from 'node:http';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { processesWith } from '../../../packages/core/src/adaptor/local-process.ts';
import { startProgram } from '../base/programs.ts';
import { type SlurmCluster, startSlurm } from './cluster.ts';
import { nodeConf } from './configuration.ts';

const MAIN = new URL('main.ts', import.meta.url).pathname;
const LEFT_BEHIND = new URL('left-behind.ts', import.meta.url).pathname;

/** The text of an answer, whatever its status. */
function ask(options: RequestOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', ...options }, (answer) => {
      resolve(text(answer));
    });
    asked.once('error', reject).end();
  });
}

describe('a cluster of Slurm', () => {
  let cluster: SlurmCluster;
  beforeAll(async () => {
    cluster = await startSlurm({ nodes: 3, gpus: 2, rest: true, accounting: 'completion-log' });
  });
  afterAll(() => cluster.stop());

  async function field(id: string, format: string): Promise<string> {
    const { stdout } = await cluster.run(['squeue', '-h', '-t', 'all', '-j', id, '-o', format]);
    return stdout.trim();
  }

  async function submit(...options: string[]): Promise<string> {
    const command = ['sbatch', '--parsable', '-o', '/dev/null', ...options];
    const { stdout, stderr } = await cluster.run(command);
    expect(stderr).toBe('');
    return stdout.trim();
  }

  it('runs on all nodes, each with what was asked for', async () => {
    const script = 'echo $SLURMD_NODENAME $SLURM_CPUS_ON_NODE $SLURM_GPUS_ON_NODE';
    const step = ['srun', '-N3', '--ntasks-per-node=1', '-c', '4', '--gres=gpu:2'];
    const { stdout } = await cluster.run([...step, 'sh', '-c', script]);
    expect(stdout.trim().split('\n').sort()).toEqual(['n1 4 2', 'n2 4 2', 'n3 4 2']);
  });

  it('remembers in its completion log what has ended', async () => {
    const id = await submit('--wrap', 'exit 5');
    const sacct = ['sacct', '-c', '-n', '-P', '-j', id, '-o', 'state,exitcode'];
    await expect
      .poll(async () => (await cluster.run(sacct)).stdout.trim(), { timeout: 15_000 })
      .toBe('FAILED|5:0');
  });

  it('is spoken to over its socket, and over its port with a token', async () => {
    const path = '/slurm/v0.0.38/ping';
    expect(await ask({ socketPath: cluster.restSocket, path })).toContain('"UP"');
    const headers = {
      'X-SLURM-USER-NAME': userInfo().username,
      'X-SLURM-USER-TOKEN': await cluster.jwt(),
    };
    expect(await ask({ port: cluster.restPort, path, headers })).toContain('"UP"');
    expect(await ask({ port: cluster.restPort, path })).not.toContain('"UP"');
  });

  it('loses a node with all that ran on it, however it was started, and nothing else', async () => {
    const sleeper = 'setsid sleep 1000 & exec sleep 1000';
    const ids = [
      await submit('-w', 'n1', '--wrap', sleeper),
      await submit('-w', 'n2', '--wrap', sleeper),
    ];
    const of = (node: string) => processesWith('SLURM_CONF', nodeConf(cluster.directory, node));
    // slurmd, slurmstepd and two of the job.
    await expect.poll(() => of('n1').length, { timeout: 10_000 }).toBe(4);
    await expect.poll(() => of('n2').length, { timeout: 10_000 }).toBe(4);
    await cluster.node('n1').kill();
    expect(of('n1')).toEqual([]);
    expect(of('n2').length).toBe(4);
    await cluster.run(['scancel', ...ids]);
    await cluster.node('n1').start();
    await cluster.settled();
  });

  it('has a controller that hangs and goes on', async () => {
    await cluster.controller.pause();
    const asked = cluster.run(['squeue']);
    cluster.controller.resume();
    expect((await asked).exitCode).toBe(0);
  });

  it('has a controller that ends, and knows what it knew when it is started again', async () => {
    const id = await submit('--hold', '--wrap', 'true');
    await cluster.controller.stop();
    expect((await cluster.run(['scontrol', 'ping'])).exitCode).not.toBe(0);
    await cluster.controller.start();
    expect(await field(id, '%T %r')).toMatch(/^PENDING JobHeld/);
    await cluster.run(['scancel', id]);
    await cluster.settled();
  });
});

describe('when a cluster is over', () => {
  const left = (directory: string) => processesWith('PSTAR_SLURM_CLUSTER', directory);

  it('nothing of it is left, whatever ran', async () => {
    const cluster = await startSlurm({ nodes: 1 });
    await cluster.run(['srun', 'sh', '-c', 'setsid sleep 1000 >/dev/null 2>&1 &']);
    const { directory } = cluster;
    await cluster.stop();
    expect(left(directory)).toEqual([]);
    expect(processesWith('SLURM_CONF', nodeConf(directory, 'n1'))).toEqual([]);
    expect(existsSync(directory)).toBe(false);
    await cluster.stop();
  });

  it('by its program being killed, the next one ends it', async () => {
    const program = startProgram([LEFT_BEHIND]);
    const directory = await program.line;
    program.child.kill('SIGKILL');
    await program.over;
    expect(left(directory).length).toBeGreaterThan(0);
    await using _next = await startSlurm({ nodes: 1 });
    expect(left(directory)).toEqual([]);
    expect(existsSync(directory)).toBe(false);
  });

  it('by hand: it outlives the command that starts it, and not the one that ends it', async () => {
    // Where no cluster of somebody else's is ended.
    const TMPDIR = await mkdtemp(join(tmpdir(), 'pstar-test-'));
    onTestFinished(() => rm(TMPDIR, { recursive: true }));
    const up = startProgram([MAIN, 'up', '--nodes', '1'], { TMPDIR });
    const conf = (await up.line).replace('export SLURM_CONF=', '');
    expect(await up.over).toBe(0);
    await using other = await startSlurm({ nodes: 1 });
    const { stdout } = await other.run(['env', `SLURM_CONF=${conf}`, 'sinfo', '-h', '-o', '%T']);
    expect(stdout).toContain('idle');
    expect(await startProgram([MAIN, 'down'], { TMPDIR }).over).toBe(0);
    expect(left(dirname(conf))).toEqual([]);
    expect(existsSync(conf)).toBe(false);
  });

  it('others of the same moment have nothing in common with it', async () => {
    const clusters = await Promise.all([startSlurm({ nodes: 1 }), startSlurm({ nodes: 1 })]);
    await clusters[0].stop();
    expect((await clusters[1].run(['srun', 'true'])).exitCode).toBe(0);
    await clusters[1].stop();
  });
});
