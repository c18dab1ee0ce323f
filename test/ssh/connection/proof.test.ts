import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { SecurityQuestion } from '../../../packages/core/src/adaptor.ts';
import { until } from '../../clusters/base/processes.ts';
import { type SshHosts, startSshHosts } from '../../clusters/ssh/hosts.ts';
import { becomes, Client } from './fixture.ts';

/** Looked for in everything that is said. */
const SECRET = 'only-for-this-test';

let hosts: SshHosts;
let client: Client;

beforeAll(async () => {
  const account = { user: 'maria', password: SECRET };
  hosts = await startSshHosts({
    hosts: [
      { name: 'h1', hostKeys: ['rsa', 'ecdsa', 'ed25519'] },
      { name: 'h2' },
      { name: 'asks', account },
      { name: 'questions', account: { ...account, asked: 'keyboard-interactive' } },
      { name: 'both', account, lines: ['AuthenticationMethods publickey,password'] },
    ],
  });
});
afterAll(() => hosts?.stop());
beforeEach(() => {
  client = new Client(hosts);
});
afterEach(() => client.close());

/** A configuration in which one host has these lines first. Its path. */
async function configWith(host: string, ...lines: string[]): Promise<string> {
  const path = join(hosts.clientHome, `config-${Math.random()}`);
  const general = await readFile(hosts.config, 'utf8');
  const own = lines.map((line) => `  ${line}\n`).join('');
  await writeFile(path, `Host ${host}\n${own}${general}`);
  return path;
}

/** Without the key that every host lets in. */
async function withoutKeys(host: string, ...lines: string[]): Promise<string> {
  const path = await configWith(host, ...lines);
  const text = await readFile(path, 'utf8');
  await writeFile(path, text.replace(/^ {2}IdentityFile .*client\/id_ed25519$/m, ''));
  return path;
}

describe('who the user is', () => {
  it('is shown by a key, whose passphrase is asked for only when the server takes it', async () => {
    const key = await hosts.makeIdentity('locked', { passphrase: SECRET });
    const unknown = await hosts.makeIdentity('stranger', { isKnown: false, passphrase: SECRET });
    const config = await withoutKeys('h1', `IdentityFile ${unknown}`, `IdentityFile ${key}`);
    const asked: SecurityQuestion[] = [];
    const prompt = (question: SecurityQuestion) => {
      asked.push(question);
      return asked.length === 1 ? 'wrong' : SECRET;
    };
    const host = await client.connect('h1', { prompt }, { config });
    expect((await host.runner.run(['true'])).exitCode).toBe(0);
    const text = `Passphrase of ${key}: `;
    expect(asked).toMatchObject([
      { text, kind: 'passphrase', echo: false },
      { text, kind: 'passphrase', echo: false },
    ]);
    await client.connect('h1', { userPass: SECRET }, { config });
  });

  it('is refused with the names of all that was tried, and nothing secret', async () => {
    const key = await hosts.makeIdentity('locked2', { passphrase: SECRET });
    const open = await hosts.makeIdentity('open');
    const stranger = await hosts.makeIdentity('stranger2', { isKnown: false });
    await chmod(open, 0o644);
    const files = [key, open, stranger].map((file) => `IdentityFile ${file}`);
    const config = await withoutKeys('h1', ...files);
    const refused = await client
      .connect('h1', { userPass: 'not-it', prompt: () => `${SECRET}-not` }, { config })
      .then(
        () => undefined,
        (error) => error,
      );
    expect(refused).toMatchObject({ code: 'AUTHENTICATION_FAILED', transient: false });
    expect(refused.message).toContain(`tried ${key}, ${stranger}`);
    expect(refused.message).toContain('the server takes publickey');
    expect(refused.message).toContain(`${key}: the passphrase is not the right one`);
    expect(refused.message).toContain(`${open} can be read by others (chmod 600 it)`);
    const said = `${inspect(refused, { depth: 9 })}${client.said}`;
    expect(said).not.toMatch(/only-for-this-test|not-it/);
    expect(said).not.toContain((await readFile(key, 'utf8')).split('\n')[1]);
  });

  it('is shown by an agent, also for a key of which there is the public half only', async () => {
    const key = await hosts.makeIdentity('in-agent');
    const socket = join(hosts.clientHome, 'agent.sock');
    const agent: ChildProcess = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
    try {
      const add = ['-q', key];
      const environment = { ...process.env, SSH_AUTH_SOCK: socket };
      await until('an agent', () => {
        try {
          execFileSync('ssh-add', add, { env: environment, stdio: 'ignore' });
          return true;
        } catch {
          return false;
        }
      });
      const only = join(hosts.clientHome, 'half');
      await copyFile(`${key}.pub`, `${only}.pub`);
      const lines = [`IdentityAgent ${socket}`, `IdentityFile ${only}`];
      const config = await withoutKeys('h1', ...lines);
      const host = await client.connect('h1', {}, { config });
      expect((await host.runner.run(['true'])).exitCode).toBe(0);
      const none = await withoutKeys('h1', 'IdentityAgent none', `IdentityFile ${only}`);
      await expect(client.connect('h1', {}, { config: none })).rejects.toMatchObject({
        code: 'AUTHENTICATION_FAILED',
      });
    } finally {
      agent.kill();
      await once(agent, 'exit');
    }
  });

  it('is shown by a password, given beforehand or asked for, and by answers', async () => {
    for (const name of ['asks', 'questions']) {
      const config = await withoutKeys(name, 'IdentityFile none');
      const given = await client.connect(name, { userPass: SECRET }, { config });
      expect((await given.runner.run(['id', '-un'])).stdout).toBe('maria\n');
      await given.close();
      const asked: SecurityQuestion[] = [];
      const prompt = (question: SecurityQuestion) => {
        asked.push(question);
        return SECRET;
      };
      const host = await client.connect(name, { prompt }, { config });
      expect((await host.runner.run(['id', '-un'])).stdout).toBe('maria\n');
      expect(asked).toMatchObject([{ echo: false, user: 'maria' }]);
      const wrong = client.connect(name, { userPass: 'not-it' }, { config });
      await expect(wrong).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' });
    }
  });

  it('is shown by a key and a password where the server wants both', async () => {
    const host = await client.connect('both', { userPass: SECRET });
    expect((await host.runner.run(['id', '-un'])).stdout).toBe('maria\n');
    await expect(client.connect('both', { userPass: 'x' })).rejects.toThrow(
      'server takes password',
    );
  });

  it('never stands in an argument of a program', async () => {
    const config = await withoutKeys('asks', 'IdentityFile none');
    const host = await client.connect('asks', { userPass: SECRET }, { config });
    expect((await host.runner.run(['ps', '-eo', 'args'])).stdout).not.toContain(SECRET);
    expect(execFileSync('ps', ['-eo', 'args']).toString()).not.toContain(SECRET);
  });
});

describe('which machine it is', () => {
  it('is checked by whichever of its keys is known', async () => {
    const known = join(hosts.clientHome, 'rsa-only');
    const [rsa = ''] = (await hosts.host('h1').publicKeys()).filter((k) => k.startsWith('ssh-rsa'));
    await writeFile(known, `[127.0.0.1]:${hosts.host('h1').port} ${rsa}\n`);
    const host = await client.connect('h1', {}, { knownHosts: known });
    expect(host.state.state).toBe('connected');
  });

  it('is refused when it is unknown, whatever the configuration says; then accepted as told', async () => {
    const known = join(hosts.clientHome, 'accepted');
    const config = await configWith('h1', 'StrictHostKeyChecking no');
    const target = { config, knownHosts: known };
    const refused = await client.connect('h1', {}, target).catch((error) => error);
    expect(refused).toMatchObject({ code: 'AUTHENTICATION_FAILED' });
    expect(client.said.join()).toContain('StrictHostKeyChecking no is read as yes');
    execFileSync('/bin/sh', ['-c', refused.hint.slice(refused.hint.indexOf('echo '))]);
    expect((await client.connect('h1', {}, target)).state.state).toBe('connected');
  });
});

describe('the way there', () => {
  it('leads through other machines, one after the other', async () => {
    const config = await configWith('h2', 'ProxyJump h1');
    const host = await client.connect('h2', {}, { config });
    expect((await host.runner.run(['hostname'])).stdout).toContain('h2');
    const lost = becomes(host, 'reconnecting');
    await hosts.host('h1').cut();
    await lost;
    expect((await host.runner.run(['hostname'])).stdout).toContain('h2');
    const chain = await configWith('asks', 'ProxyJump h1,h2');
    const far = await client.connect('asks', {}, { config: chain });
    expect((await far.runner.run(['id', '-un'])).stdout).toBe('maria\n');
  });

  it('is a command, if the configuration says so, with its last words when it fails', async () => {
    const port = hosts.host('h1').port;
    const forward = `${process.execPath} -e "const s=require('net').connect(process.argv[1]);s.pipe(process.stdout);process.stdin.pipe(s)" %p`;
    const config = await configWith('h1', `ProxyCommand ${forward}`);
    const host = await client.connect('h1', {}, { config });
    expect((await host.runner.run(['echo', `${port}`])).stdout).toBe(`${port}\n`);
    const broken = await configWith('h1', 'ProxyCommand echo no way >&2; exit 3');
    await expect(client.connect('h1', {}, { config: broken })).rejects.toThrow('no way');
  });

  it('has no circles, and an end that is told', async () => {
    const circle = await configWith('h1 h2', 'ProxyJump h1,h2');
    await writeFile(
      circle,
      `Host h1\nProxyJump h2\nHost h2\nProxyJump h1\n${await readFile(circle, 'utf8')}`,
    );
    await expect(client.connect('h1', {}, { config: circle })).rejects.toThrow('circles');
    const config = await configWith('h2', 'ProxyJump h1', 'Port 1');
    await expect(client.connect('h2', {}, { config })).rejects.toMatchObject({
      code: 'RESOURCE_MANAGER_UNREACHABLE',
    });
  });
});
