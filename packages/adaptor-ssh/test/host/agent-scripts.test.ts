import { spawn, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, readlink, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AgentLaunch } from '@pstar/core/adaptor';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  endScript,
  lookScript,
  readLooks,
  readStarts,
  removeScript,
  signalScript,
  startScript,
} from '../../src/host/agent-scripts.ts';

let directory: string;
let launches: AgentLaunch[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "pstar it's-"));
  launches = [];
});

afterEach(async () => {
  sh(endScript(launches));
  await rm(directory, { recursive: true, force: true });
});

/** As a host does it: a shell reads the script, after words that nobody has asked for. */
function sh(script: string): string {
  const { stdout, stderr } = spawnSync('/bin/sh', ['-s'], { input: script, encoding: 'utf8' });
  expect(stderr).toBe('');
  return `Welcome to this host\n${stdout}`;
}

async function launchOf(line: string, more: Partial<AgentLaunch> = {}): Promise<AgentLaunch> {
  const name = `t${process.pid}-${launches.length}`;
  const own = join(directory, name);
  await mkdir(own);
  const launch: AgentLaunch = {
    name,
    command: ['/bin/sh', '-c', line],
    settingsFile: join(own, 'settings.json'),
    agentFile: '/nowhere/agent.mjs',
    manager: { host: '127.0.0.1', port: 9 },
    directory: own,
    environment: {},
    logFile: join(own, 'agent.log'),
    description: {},
    ...more,
  };
  launches.push(launch);
  return launch;
}

const start = (...some: AgentLaunch[]) => readStarts(sh(startScript(some)), some.length);
const look = (...some: AgentLaunch[]) => readLooks(sh(lookScript(some)), some.length);

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
}

const over = (launch: AgentLaunch) => until(() => look(launch)[0]?.state === 'over');
const isThere = (pid: string) => spawnSync('kill', ['-0', pid]).status === 0;

describe('agents of a host', () => {
  it('are started, several by one script, and outlive the shell that did', async () => {
    const some = [await launchOf('exec sleep 600'), await launchOf('exec sleep 600')];
    expect(start(...some)).toEqual([undefined, undefined]);
    expect(look(...some).map((each) => each?.state)).toEqual(['running', 'running']);
  });

  it('have their environment, their initCommands and their log', async () => {
    const launch = await launchOf('echo "$A $B [$SSH_CLIENT]"', {
      environment: { A: "it's\n $HOME" },
      description: { initCommands: ['export B=b'] },
    });
    process.env['SSH_CLIENT'] = '1.2.3.4 5 6';
    start(launch);
    delete process.env['SSH_CLIENT'];
    await over(launch);
    expect(await readFile(launch.logFile, 'utf8')).toBe("it's\n $HOME b []\n");
  });

  it('have the umask of the login, and files that are for its owner alone', async () => {
    const launch = await launchOf('umask; : >file', { description: { initCommands: ['umask'] } });
    const before = process.umask(0o027);
    start(launch);
    process.umask(before);
    await over(launch);
    expect(await readFile(launch.logFile, 'utf8')).toBe('0027\n0027\n');
    const mode = async (name: string) => (await stat(join(launch.directory, name))).mode & 0o777;
    expect(await mode('file')).toBe(0o640);
    for (const name of ['agent.log', 'start.sh', 'keeper.sh']) expect(await mode(name)).toBe(0o600);
  });

  it('are over with the exit code that they had', async () => {
    const some = [
      await launchOf('exit 0'),
      await launchOf('exit 75'),
      await launchOf('kill -9 $$'),
    ];
    start(...some);
    for (const each of some) await over(each);
    expect(look(...some)).toEqual([
      { state: 'over', exitCode: 0 },
      { state: 'over', exitCode: 75 },
      { state: 'over', exitCode: 137 },
    ]);
  });

  it('leave nothing running when they are over, not even what has left their session', async () => {
    const launch = await launchOf(
      `setsid sh -c 'echo $$ >${'"$0"'}; exec sleep 600' "$HERE" & until [ -s "$HERE" ]; do :; done`,
      { environment: { HERE: join(directory, 'stray') } },
    );
    start(launch);
    await over(launch);
    const pid = (await readFile(join(directory, 'stray'), 'utf8')).trim();
    await until(() => !isThere(pid));
  });

  it('are lost where their keepers were killed too, and nothing is left of them', async () => {
    const launch = await launchOf('sleep 600');
    start(launch);
    const [keeper = '', agent = ''] = await Promise.all(
      ['keeper', 'agent'].map(async (each) => readlink(join(launch.directory, each))),
    );
    process.kill(Number(keeper.split(':')[0]), 'SIGKILL');
    expect(look(launch)[0]?.state).toBe('running');
    process.kill(Number(agent.split(':')[0]), 'SIGKILL');
    await until(() => look(launch)[0]?.state === 'lost');
    expect(look(launch)).toEqual([{ state: 'lost', why: 'it was killed, and its keeper with it' }]);
  });

  it('are not taken for another process that has their pid, nor is that one ended', async () => {
    const launch = await launchOf('exit 0');
    const other = spawn('sleep', ['600']);
    const isOther = `${other.pid}:1:`;
    const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
    await symlink(`${isOther}${boot}`, join(launch.directory, 'agent'));
    expect(look(launch)[0]?.state).toBe('lost');
    sh(endScript([launch]) + signalScript(launch, 'SIGKILL'));
    expect(other.exitCode ?? other.signalCode).toBe(null);
    expect(isThere(String(other.pid))).toBe(true);
    other.kill();
  });

  it('of before the machine was started anew are lost', async () => {
    const launch = await launchOf('exit 0');
    await symlink(`${process.pid}:1:another-boot`, join(launch.directory, 'agent'));
    expect(look(launch)).toEqual([{ state: 'lost', why: 'the machine was started anew' }]);
  });

  it('are asked to end, and have time to', async () => {
    const launch = await launchOf(
      'trap "echo heard; exit 7" TERM; echo ready; while :; do sleep 600 & wait; done',
    );
    start(launch);
    await until(async () => (await readFile(launch.logFile, 'utf8')).includes('ready'));
    sh(endScript([launch]));
    await over(launch);
    expect(look(launch)).toEqual([{ state: 'over', exitCode: 7 }]);
    expect(await readFile(launch.logFile, 'utf8')).toContain('heard');
  });

  it('end while they are stopped, and in their initCommands', async () => {
    const stopped = await launchOf('exec sleep 600');
    const early = await launchOf('exit 3', { description: { initCommands: ['sleep 600'] } });
    start(stopped, early);
    sh(signalScript(stopped, 'SIGSTOP'));
    await until(() => look(stopped)[0]?.state === 'stopped');
    sh(endScript([stopped, early]));
    await over(stopped);
    await over(early);
    expect(look(early)[0]).not.toEqual({ state: 'over', exitCode: 3 });
  });

  it('that could not be started say why', async () => {
    const launch = await launchOf('exit 0', { logFile: '/nowhere/agent.log' });
    expect(start(launch)[0]).toContain('/nowhere/agent.log');
    expect(look(launch)).toEqual([{ state: 'none' }]);
  });

  it('are removed with all that they have', async () => {
    const launch = await launchOf('exit 0');
    start(launch);
    await over(launch);
    sh(removeScript([launch.directory]));
    expect(look(launch)).toEqual([{ state: 'none' }]);
  });
});
