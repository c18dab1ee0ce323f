/** Whether the cluster does what the tests of others rely on. */
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { processesWith } from '../../../packages/core/src/adaptor/local-process.ts';
import { runCommand } from '../base/commands.ts';
import { startProgram } from '../base/programs.ts';
import { type GridEngineCluster, startGridEngine } from './cluster.ts';
import { HOST_MARK, MARK } from './directories.ts';

const MAIN = new URL('main.ts', import.meta.url).pathname;
const LEFT_BEHIND = new URL('left-behind.ts', import.meta.url).pathname;
/** The scheduler looks once a second, and what has ended is heard of a second later. */
const PATIENCE = { timeout: 20_000 };

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    // It has just ended.
    return '';
  }
}

describe('a cluster of Grid Engine', () => {
  let cluster: GridEngineCluster;
  beforeAll(async () => {
    cluster = await startGridEngine({ hosts: 3, parallel: [{ name: 'pairs', rule: 2 }] });
  });
  afterAll(() => cluster.stop());

  async function submit(...options: string[]): Promise<string> {
    const command = [
      'qsub',
      '-terse',
      '-b',
      'y',
      '-shell',
      'n',
      '-j',
      'y',
      '-o',
      '/dev/null',
      ...options,
    ];
    const { stdout, stderr } = await cluster.run(command);
    expect(stderr).toBe('');
    return stdout.trim();
  }

  async function accounted(id: string): Promise<string> {
    let text = '';
    await expect
      .poll(async () => {
        const { stdout, exitCode } = await cluster.run(['qacct', '-j', id]);
        text = stdout;
        return exitCode;
      }, PATIENCE)
      .toBe(0);
    return text;
  }

  it('runs what is submitted, with the environment of no test, and accounts for it', async () => {
    const output = join(cluster.directory, 'output');
    const id = await submit('-o', output, 'sh', '-c', 'echo $GRIDENGINE_HOST [$VITEST]; exit 5');
    expect(await accounted(id)).toMatch(/^exit_status +5 *$/m);
    expect(await readFile(output, 'utf8')).toMatch(/^g[123] \[\]\n$/);
  });

  it('has hosts of their own, which start programs on each other', async () => {
    const output = join(cluster.directory, 'hosts');
    // What it says may be lost when it ends at once.
    const each = `qrsh -inherit -nostdin $h sh -c 'hostname >>${output}'`;
    const script = `for h in $(awk '{ print $1 }' $PE_HOSTFILE | sort); do ${each}; done`;
    const path = `PATH=${cluster.environment.PATH}`;
    await submit('-pe', 'mpi', '3', '-v', path, 'sh', '-c', script);
    await expect
      .poll(() => readFile(output, 'utf8').catch(() => ''), PATIENCE)
      .toBe('g1\ng2\ng3\n');
  });

  it('is on loopback alone', async () => {
    const { environment } = cluster;
    const { stdout } = await runCommand(['ss', '-Hltn']);
    const ports = `(${environment.SGE_QMASTER_PORT}|${environment.SGE_EXECD_PORT})`;
    const heard = [...stdout.matchAll(new RegExp(`\\s(\\S+):${ports}\\s`, 'g'))].map(
      ([, at]) => at,
    );
    expect(heard.sort()).toEqual(['127.0.0.1', '127.0.16.1', '127.0.16.2', '127.0.16.3']);
  });

  it('loses a host with all that ran on it, however it was started, and nothing else', async () => {
    const script = 'setsid sleep 1000 & exec sleep 1000';
    for (const host of ['g1', 'g2']) await submit('-q', `all.q@${host}`, 'sh', '-c', script);
    const sleepers = (host: string) =>
      processesWith(HOST_MARK, cluster.host(host).mark).filter(
        ({ pid }) => commandOf(pid) === 'sleep',
      );
    await expect.poll(() => sleepers('g1').length, PATIENCE).toBe(2);
    await expect.poll(() => sleepers('g2').length, PATIENCE).toBe(2);
    await cluster.host('g1').kill();
    expect(processesWith(HOST_MARK, cluster.host('g1').mark)).toEqual([]);
    expect(sleepers('g2').length).toBe(2);
    await cluster.host('g1').start();
    await cluster.run(['qdel', '-u', '*']);
    await cluster.settled();
  });

  it('has a qmaster that hangs and goes on', async () => {
    await cluster.qmaster.pause();
    const asked = cluster.run(['qstat']);
    cluster.qmaster.resume();
    expect((await asked).exitCode).toBe(0);
  });

  it('has a qmaster that is killed, and knows what it knew when it is started again', async () => {
    const id = await submit('-h', 'true');
    await cluster.qmaster.kill();
    expect((await cluster.run(['qstat'])).exitCode).not.toBe(0);
    await cluster.startAgain();
    expect((await cluster.run(['qstat', '-u', '*'])).stdout).toMatch(
      RegExp(`^ *${id} .* hqw `, 'm'),
    );
    await cluster.run(['qdel', id]);
    await cluster.settled();
  });
});

describe('when a cluster is over', () => {
  const left = (directory: string) => processesWith(MARK, directory);

  it('nothing of it is left, whatever ran', async () => {
    const cluster = await startGridEngine();
    const { directory } = cluster;
    const script = 'setsid sleep 1000 & exec sleep 1000';
    const quiet = ['-j', 'y', '-o', '/dev/null'];
    await cluster.run(['qsub', '-b', 'y', '-shell', 'n', ...quiet, 'sh', '-c', script]);
    // Two daemons, a shepherd, and two of the job.
    await expect.poll(() => left(directory).length, PATIENCE).toBeGreaterThanOrEqual(5);
    await cluster.stop();
    expect(left(directory)).toEqual([]);
    expect(existsSync(directory)).toBe(false);
    await cluster.stop();
  });

  it('by its program being killed, the next one ends it', async () => {
    const program = startProgram([LEFT_BEHIND]);
    const directory = await program.line;
    program.child.kill('SIGKILL');
    await program.over;
    expect(left(directory).length).toBeGreaterThan(0);
    // Two at once have nothing in common.
    await using next = await startGridEngine();
    await using _other = await startGridEngine();
    expect(left(directory)).toEqual([]);
    expect(existsSync(directory)).toBe(false);
    expect((await next.run(['qstat', '-f'])).stdout).toContain('all.q@g1 ');
  });

  it('by hand: it outlives the command that starts it, and not the one that ends it', async () => {
    // Where no cluster of somebody else's is ended.
    const TMPDIR = await mkdtemp(join(tmpdir(), 'pstar-test-'));
    onTestFinished(() => rm(TMPDIR, { recursive: true }));
    const up = startProgram([MAIN, 'up', '--hosts', '1'], { TMPDIR });
    const settings = (await up.line).replace(/^\. /, '');
    expect(await up.over).toBe(0);
    const { stdout } = await runCommand(['sh', '-c', `. ${settings} && qstat -f`]);
    expect(stdout).toContain('all.q@g1 ');
    expect(await startProgram([MAIN, 'down'], { TMPDIR }).over).toBe(0);
    expect(existsSync(settings)).toBe(false);
    expect(left(join(dirname(settings), '../../..'))).toEqual([]);
  });
});
