import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SshHost } from '../../../packages/adaptor-ssh/src/connection/ssh-host.ts';
import { until } from '../../clusters/base/processes.ts';
import { type SshHosts, startSshHosts } from '../../clusters/ssh/hosts.ts';
import { Client } from './fixture.ts';

let hosts: SshHosts;
let client: Client;
let host: SshHost;

beforeAll(async () => {
  hosts = await startSshHosts({
    hosts: [
      { name: 'h1' },
      { name: 'few', maxSessions: 2 },
      { name: 'forced', lines: ['ForceCommand false'] },
      { name: 'noisy', lines: ['ForceCommand echo Welcome; cat'] },
    ],
  });
  client = new Client(hosts);
  host = await client.connect('h1');
});

afterAll(async () => {
  await client?.close();
  await hosts?.stop();
});

describe('commands over ssh', () => {
  it('get exactly their arguments, environment and input, and tell how they ended', async () => {
    const odd = ['it\'s "$HOME"', '`id` *', 'a\\b', '', '!x', 'é'];
    const print = 'printf "%s|" "$@" "$ODD"; cat; echo words >&2; exit 7';
    const result = await host.runner.run(['sh', '-c', print, 'sh', ...odd], {
      input: 'input',
      environment: { ODD: "a'b$c" },
    });
    const stdout = `${[...odd, "a'b$c"].join('|')}|input`;
    expect(result).toEqual({ exitCode: 7, stdout, stderr: 'words\n' });
    const killed = await host.runner.run(['sh', '-c', 'kill -TERM $$']);
    expect(killed).toMatchObject({ exitCode: -1, signal: 'SIGTERM' });
  });

  it('are told apart from those that could not be started', async () => {
    const missing = host.runner.run(['no-such-program']);
    await expect(missing).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: 'no-such-program: command not found (h1)',
    });
    const forbidden = host.runner.run(['/etc/passwd']);
    await expect(forbidden).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
    // A program's own 127 is an answer.
    expect((await host.runner.run(['sh', '-c', 'exit 127'])).exitCode).toBe(127);
  });

  it('have an output of their own, whatever the login shell says first', async () => {
    const noise = 'echo "Welcome!"; echo "Be nice." >&2\n';
    await appendFile(join(hosts.host('h1').home, '.bashrc'), noise);
    expect(await host.runner.run(['echo', 'answer'])).toEqual({
      exitCode: 0,
      stdout: 'answer\n',
      stderr: '',
    });
    await expect(host.runner.run(['nowhere'])).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('are killed over there when their time is over or their caller gives up', async () => {
    const late = host.runner.run(['sleep', '7771'], { timeoutMs: 200 });
    await expect(late).rejects.toMatchObject({ code: 'TIMEOUT' });
    const giver = new AbortController();
    const given = host.runner.run(['sh', '-c', 'echo $$; sleep 7772'], { signal: giver.signal });
    const list = async () => (await host.runner.run(['ps', '-eo', 'args'])).stdout;
    await until('running', async () => (await list()).includes('sleep 7772'));
    giver.abort();
    await expect(given).rejects.toMatchObject({ code: 'ABORTED' });
    await until('killed', async () => !/sleep 777\d/.test(await list()));
  });

  it('wait where the server allows few at a time, and files with them', async () => {
    const few = await client.connect('few');
    const work = Array.from({ length: 20 }, async (_, i) => {
      await few.runner.files.write(`/tmp/${i}`, `${i}`);
      return (await few.runner.run(['cat', `/tmp/${i}`])).stdout;
    });
    expect(await Promise.all(work)).toEqual(Array.from({ length: 20 }, (_, i) => `${i}`));
  });

  it('share one connection, which ends with its last user', async () => {
    const again = await client.connect('h1');
    const [one, two] = await Promise.all(
      [host, again].map(async ({ runner }) => {
        const { stdout } = await runner.run(['sh', '-c', 'echo $SSH_CONNECTION']);
        return stdout;
      }),
    );
    expect(one).toBe(two);
    await again.close();
    expect((await host.runner.run(['true'])).exitCode).toBe(0);
  });
});

describe('files over ssh', () => {
  it('have their mode, and their name only when they are whole', async () => {
    const { files } = host.runner;
    await files.makeDirectory('/tmp/one/two');
    await files.write('/tmp/one/two/file', 'first');
    await files.write('/tmp/one/two/file', 'second', { mode: 0o755 });
    expect(await files.stat('/tmp/one/two/file')).toEqual({
      size: 6,
      mode: 0o755,
      isDirectory: false,
    });
    expect(String(await files.read('/tmp/one/two/file'))).toBe('second');
    expect(await files.list('/tmp/one/two')).toEqual(['file']);
    expect(await files.stat('/tmp/one')).toMatchObject({ mode: 0o700, isDirectory: true });
  });

  it('go there and back as they are', async () => {
    const { files } = host.runner;
    const content = Buffer.alloc(3_000_001, 'some content ');
    const here = join(hosts.clientHome, 'content');
    await files.write('/tmp/content', content, { mode: 0o600 });
    await files.download('/tmp/content', here);
    await files.upload(here, '/tmp/again', { mode: 0o640 });
    expect(content.equals(await files.read('/tmp/again'))).toBe(true);
    expect(await files.stat('/tmp/again')).toMatchObject({ size: content.length, mode: 0o640 });
  });

  it('are removed with all that is in them, and links without what they point to', async () => {
    const { files, run } = host.runner;
    await run(['sh', '-c', 'mkdir -p /tmp/r/a/b /tmp/kept; touch /tmp/r/a/b/c /tmp/kept/x']);
    await run(['ln', '-s', '/tmp/kept', '/tmp/r/link']);
    await files.remove('/tmp/r');
    await files.remove('/tmp/r');
    expect(await files.stat('/tmp/r')).toBeUndefined();
    expect(await files.list('/tmp/kept')).toEqual(['x']);
  });

  it('need sftp over there, and say so where it is not or is disturbed', async () => {
    const forced = await client.connect('forced');
    await expect(forced.runner.files.stat('/')).rejects.toMatchObject({
      code: 'OPERATION_UNSUPPORTED',
      problem: 'the server does not start the sftp subsystem',
      hint: expect.stringContaining('Subsystem'),
    });
    await expect(forced.runner.run(['true'])).rejects.toThrow(
      'the login shell there runs no commands',
    );
    const noisy = await client.connect('noisy');
    await expect(noisy.runner.files.stat('/')).rejects.toMatchObject({
      hint: expect.stringContaining('~/.bashrc'),
    });
  });

  it('say what is wrong with them', async () => {
    const { files } = host.runner;
    await expect(files.read('/tmp/nothing')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(files.write('/nowhere/x', '')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(files.upload('/nowhere/x', '/tmp/x')).rejects.toThrow('/nowhere/x');
    await expect(files.makeDirectory('/etc/passwd/x')).rejects.toMatchObject({
      code: 'ADAPTOR_FAILED',
    });
    for (const path of ['/proc/none', '/proc/none/a/b']) {
      await expect(files.makeDirectory(path)).rejects.toMatchObject({
        code: 'NOT_FOUND',
        problem: '/proc/none: no such file or directory',
      });
    }
    expect((await files.list('/tmp')).filter((name) => name.endsWith('.part'))).toEqual([]);
  });
});
