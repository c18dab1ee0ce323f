/** Whether the hosts do what the tests of others rely on, and share nothing that these would miss. */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { processesWith } from '../../../packages/core/src/adaptor/local-process.ts';
import { startProgram } from '../base/programs.ts';
import { MARK } from './directories.ts';
import { cannotIsolate, type SshHosts, startSshHosts } from './hosts.ts';
import { SilentProxy } from './silent-proxy.ts';
import { startSlurmBehind } from './slurm-behind.ts';

const REPOSITORY = new URL('../../../', import.meta.url).pathname;
const MAIN = new URL('main.ts', import.meta.url).pathname;
const LEFT_BEHIND = new URL('left-behind.ts', import.meta.url).pathname;
const STAYS = 'setsid sleep 1000 </dev/null >/dev/null 2>&1 &';

/** What a client wrote and what it complained of. */
function ssh(
  { config }: { readonly config: string },
  ...words: string[]
): Promise<{ stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const command = ['-F', config, '-o', 'BatchMode=yes', ...words];
    execFile('ssh', command, (_, stdout, stderr) => resolve({ stdout, stderr }));
  });
}

/** What runs on a host, or has been started from there, by its command. */
function commandsOf(host: string): string[] {
  return processesWith(MARK, host).flatMap(({ pid }) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').trim();
    } catch {
      // It has just ended.
      return [];
    }
  });
}

const isPlain = (await cannotIsolate()) ? [true] : [false, true];

describe.each(isPlain)('hosts (without namespaces: %s)', (plain) => {
  let hosts: SshHosts;
  beforeAll(async () => {
    hosts = await startSshHosts({
      hosts: [{ hostKeys: ['ed25519', 'rsa', 'ecdsa'] }, { node: 'none' }, { node: 'v12.22.1' }],
      isPlain: plain,
    });
  });
  afterAll(() => hosts.stop());

  it('run commands in homes of their own, and say what came of it', async () => {
    const [h1, h2] = [hosts.host('h1'), hosts.host('h2')];
    expect(await h1.run('echo here; echo there >&2; touch ~/mine; exit 3')).toEqual({
      exitCode: 3,
      stdout: 'here\n',
      stderr: 'there\n',
    });
    expect(readdirSync(h1.home)).toContain('mine');
    expect((await h2.run('ls -A ~')).stdout).not.toContain('mine');
  });

  it('have every kind of host key, and a client knows them', async () => {
    expect((await hosts.host('h1').publicKeys()).map((key) => key.split(' ')[0])).toEqual([
      'ssh-ed25519',
      'ssh-rsa',
      'ecdsa-sha2-nistp256',
    ]);
    for (const kind of ['ssh-ed25519', 'rsa-sha2-512', 'ecdsa-sha2-nistp256']) {
      const asked = ['-o', `HostKeyAlgorithms=${kind}`, 'h1', 'echo in'];
      expect(await ssh(hosts, ...asked)).toEqual({ stdout: 'in\n', stderr: '' });
    }
  });

  it('have the Node.js that they are to have', async () => {
    expect((await hosts.host('h1').run('node --version')).stdout).toBe(`${process.version}\n`);
    expect((await hosts.host('h2').run('node --version')).exitCode).toBe(127);
    expect((await hosts.host('h3').run('node --version')).stdout).toBe('v12.22.1\n');
  });

  it('have their connections cut, and what was started over one goes on', async () => {
    const h1 = hosts.host('h1');
    await h1.run(STAYS);
    const interrupted = h1.run('echo in; sleep 1000');
    await expect
      .poll(() => commandsOf(h1.directory).filter((it) => it === 'sleep 1000').length)
      .toBe(2);
    await h1.cut();
    expect(await interrupted).toMatchObject({ exitCode: 255, stdout: 'in\n' });
    expect(commandsOf(h1.directory)).toContain('sleep 1000');
    await h1.down();
    expect((await h1.run('true')).stderr).toContain('refused');
    await h1.up();
    expect((await h1.run('true')).exitCode).toBe(0);
  });

  it('lose their power with all that runs there, and have their files when it is back', async () => {
    const h1 = hosts.host('h1');
    await h1.run(`${STAYS} echo text >~/kept`);
    await h1.kill();
    expect(commandsOf(h1.directory)).toEqual([]);
    await h1.start();
    expect((await h1.run('cat ~/kept')).stdout).toBe('text\n');
  });

  it('have other keys all at once, until clients know them', async () => {
    const h3 = hosts.host('h3');
    await h3.freshHostKey();
    expect((await h3.run('true')).stderr).toContain('IDENTIFICATION HAS CHANGED');
    await hosts.know();
    expect((await h3.run('true')).exitCode).toBe(0);
  });

  it('let in who is known, and nobody else', async () => {
    const h1 = hosts.host('h1');
    const strange = await hosts.makeIdentity('strange', { isKnown: false });
    const { port, user } = h1;
    const words = ['-p', `${port}`, '-o', `UserKnownHostsFile=${hosts.knownHosts}`];
    const asked = (identity: string) =>
      ssh({ config: '/dev/null' }, ...words, '-i', identity, `${user}@127.0.0.1`, 'echo in');
    expect((await asked(strange)).stderr).toContain('Permission denied');
    const other = await hosts.makeIdentity('other');
    expect((await asked(other)).stdout).toBe('in\n');
  });

  it('transfer files from and to the home', async () => {
    const h1 = hosts.host('h1');
    await writeFile(join(hosts.clientHome, 'sent'), 'text');
    const arguments_ = ['-q', '-F', hosts.config, join(hosts.clientHome, 'sent'), 'h1:'];
    await promisify(execFile)('scp', arguments_);
    expect(await readFile(join(h1.home, 'sent'), 'utf8')).toBe('text');
  });
});

describe.skipIf(await cannotIsolate())('hosts in namespaces', () => {
  let hosts: SshHosts;
  beforeAll(async () => {
    hosts = await startSshHosts({
      hosts: [
        {},
        { home: 'read-only', forwarding: false, maxSessions: 1 },
        { home: 8, account: { user: 'pat', password: 'open sesame' } },
      ],
    });
    expect(hosts.isIsolated).toBe(true);
  });
  afterAll(() => hosts.stop());

  it('share no home, no temporary file, no process and no name with anything', async () => {
    const [h1, h2] = [hosts.host('h1'), hosts.host('h2')];
    const file = `of-${basename(hosts.directory)}`;
    const places = ['/tmp', '/var/tmp', '/dev/shm'];
    await h1.run(`${STAYS} touch ${places.map((place) => `${place}/${file}`).join(' ')}`);
    await using own = await temporary();
    const hidden = `${own.path}/seen ${REPOSITORY}package.json ${hosts.config}`;
    expect((await h2.run(`ls ${hidden} 2>/dev/null`)).stdout).toBe('');
    const { stdout } = await h2.run(`ls -A ${places.join(' ')} ~; ps ax; hostname`);
    expect(stdout).not.toContain(`${file}\n`);
    expect(stdout).not.toContain('sleep 1000');
    expect(stdout.trim().split('\n').at(-1)).toBe('h2');
    for (const place of places) expect(existsSync(join(place, file))).toBe(false);
    const { stdout: sameHost } = await h1.run(`ls /tmp/${file}; ps ax`);
    expect(sameHost).toContain(file);
    expect(sameHost).toContain('sleep 1000');
  });

  it('have homes that cannot be written to, or are soon full', async () => {
    const [h2, h3] = [hosts.host('h2'), hosts.host('h3')];
    expect((await h2.run('touch ~/x')).stderr).toContain('Read-only file system');
    expect((await h3.run('head -c 20000000 /dev/zero >~/x')).stderr).toContain('No space left');
    expect(readdirSync(h3.home)).toEqual(['x']);
    await h3.run('rm ~/x');
  });

  it('have devices that nobody can take from the machine', async () => {
    const { stderr } = await hosts.host('h1').run('rm /dev/null; : >~/x; mv ~/x /dev/null');
    expect(stderr.match(/busy/g)?.length).toBe(2);
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
  });

  it('forbid what they are to forbid', async () => {
    const tunnel = ['-o', 'ExitOnForwardFailure=yes', '-R', '0:127.0.0.1:9', 'h2', 'true'];
    expect((await ssh(hosts, ...tunnel)).stderr).toContain('forwarding failed');
    const master = ['-o', 'ControlMaster=auto', '-o', `ControlPath=${hosts.clientHome}/c`];
    const first = ssh(hosts, ...master, 'h2', 'sleep 1000');
    await expect.poll(() => existsSync(`${hosts.clientHome}/c`)).toBe(true);
    const second = await ssh(hosts, '-o', `ControlPath=${hosts.clientHome}/c`, 'h2', 'echo in');
    expect(second.stderr).toContain('refused');
    await hosts.host('h2').cut();
    await first;
  });

  it.each(['password', 'keyboard-interactive'] as const)('take a %s', async (asked) => {
    const account = { user: 'pat', password: 'open sesame', asked };
    await using own = await startSshHosts({ hosts: [{ account }] });
    const answer = join(own.clientHome, 'answer');
    await writeFile(answer, '#!/bin/sh\necho open sesame\n', { mode: 0o755 });
    const command = ['-F', own.config, '-o', `PreferredAuthentications=${asked}`, 'h1', 'id -un'];
    const env = { ...process.env, SSH_ASKPASS: answer, SSH_ASKPASS_REQUIRE: 'force' };
    const { stdout } = await promisify(execFile)('ssh', command, { env });
    expect(stdout).toBe('pat\n');
  });

  it('know each other by names that nobody else knows', async () => {
    const name = ['-o', 'HostName=h3.inside', 'h3', 'hostname'];
    expect((await ssh(hosts, ...name)).stderr).toContain('Could not resolve');
    expect((await ssh(hosts, '-J', 'h1', ...name)).stdout).toBe('h3\n');
  });

  it('have a Slurm behind them, whose nodes have their files', async () => {
    await using own = await startSshHosts();
    const h1 = own.host('h1');
    const cluster = await startSlurmBehind(own, h1, { nodes: 2 });
    const step = `srun -N2 sh -c 'touch ~/by-$SLURMD_NODENAME; ls ${REPOSITORY} 2>/dev/null || true'`;
    expect(await h1.run(step)).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    expect(readdirSync(h1.home).filter((name) => name.startsWith('by-'))).toEqual([
      'by-n1',
      'by-n2',
    ]);
    await own.stop();
    expect(existsSync(cluster.directory)).toBe(false);
    expect(processesWith('PSTAR_SLURM_CLUSTER', cluster.directory)).toEqual([]);
  });
});

describe('a network in front of a host', () => {
  it('falls silent, and nothing of what was sent is lost when it comes back', async () => {
    await using hosts = await startSshHosts();
    const h1 = hosts.host('h1');
    await using network = await SilentProxy.open(h1.port);
    const words = ['-p', `${network.port}`, '-o', 'StrictHostKeyChecking=no'];
    const over = (command: string) =>
      ssh(hosts, ...words, '-o', 'UserKnownHostsFile=/dev/null', 'h1', command);
    const asked = over(
      'touch ~/begun; until [ -e ~/go ]; do sleep 0.01; done; seq 100000; touch ~/said',
    );
    await expect.poll(() => existsSync(join(h1.home, 'begun')), { timeout: 10_000 }).toBe(true);
    network.mode = 'silent';
    await writeFile(join(h1.home, 'go'), '');
    await expect.poll(() => existsSync(join(h1.home, 'said')), { timeout: 10_000 }).toBe(true);
    const late = over('echo late');
    network.mode = 'through';
    expect((await asked).stdout.trim().split('\n').length).toBe(100_000);
    expect((await late).stdout).toBe('late\n');
    network.roundTripMs = 20;
    expect((await over('seq 100000')).stdout.length).toBe(588_895);
    network.mode = 'cut';
    expect((await over('true')).stderr).toMatch(/closed|reset/);
    expect(network.taken).toBe(4);
  });
});

describe('when hosts are over', () => {
  it('nothing of them is left, whatever ran', async () => {
    const hosts = await startSshHosts();
    await hosts.host('h1').run(STAYS);
    await hosts.stop();
    expect(commandsOf(hosts.host('h1').directory)).toEqual([]);
    expect(existsSync(hosts.directory)).toBe(false);
    await hosts.stop();
  });

  it.each(isPlain)('by their program being killed (without namespaces: %s)', async (plain) => {
    const program = startProgram([LEFT_BEHIND, ...(plain ? ['--plain'] : [])]);
    const directory = await program.line;
    await expect.poll(() => commandsOf(join(directory, 'h1'))).toContain('sleep 1000');
    program.child.kill('SIGKILL');
    await program.over;
    // They end with it; without namespaces the next ones end what is left.
    if (!plain) await expect.poll(() => commandsOf(join(directory, 'h1'))).toEqual([]);
    await using _next = await startSshHosts({ isPlain: plain });
    expect(commandsOf(join(directory, 'h1'))).toEqual([]);
    expect(existsSync(directory)).toBe(false);
  });

  it('by hand: they outlive the command that starts them, and not the one that ends them', async () => {
    // Where no hosts of somebody else's are ended.
    await using own = await temporary();
    const up = startProgram([MAIN, 'up', '--hosts', '2'], { TMPDIR: own.path });
    const url = /'ssh:\/\/h1,h2\/\?config=(.*)'/.exec(await up.line);
    expect(await up.over).toBe(0);
    const config = decodeURIComponent(url?.[1] ?? '');
    expect((await ssh({ config }, 'h2', 'hostname')).stderr).toBe('');
    expect(await startProgram([MAIN, 'down'], { TMPDIR: own.path }).over).toBe(0);
    expect(existsSync(config)).toBe(false);
    expect((await ssh({ config }, 'h2', 'hostname')).stdout).toBe('');
    expect(commandsOf(join(dirname(config), '../h2'))).toEqual([]);
  });
});

async function temporary(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'pstar-test-'));
  await writeFile(join(path, 'seen'), '');
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}
