/** Who lets whom in: host keys that are unknown or have changed, and users who have to prove who they are. */
import { execFile } from 'node:child_process';
import { appendFile, copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PilotError, type PilotJob } from '@pstar/core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { cannotIsolate, type SshHosts, startSshHosts } from '../clusters/ssh/hosts.ts';
import { reached } from '../integration/fixture.ts';
import { PATIENCE_MS, SshWorld, sshUrl, urlWithKey } from './fixture.ts';

/** How a pilot is refused; it must be. */
async function refusal(created: Promise<PilotJob>): Promise<PilotError> {
  const error = await created.then(
    () => undefined,
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(PilotError);
  return error;
}

describe('host keys', { timeout: 2 * PATIENCE_MS }, () => {
  let hosts: SshHosts;
  beforeAll(async () => {
    hosts = await startSshHosts({ hosts: [{ hostKeys: ['ed25519', 'rsa'] }, {}] });
  });
  afterAll(() => hosts.stop());

  it('one that is unknown is refused, with the command that accepts it', async () => {
    await using world = await SshWorld.open(hosts);
    const knownHosts = join(hosts.clientHome, 'nobody');
    await writeFile(knownHosts, '');
    const rm = `${sshUrl(hosts)}&knownHosts=${encodeURIComponent(knownHosts)}`;
    const { code, hint = '' } = await refusal(world.pilots.create(rm, {}));
    expect(code).toBe('AUTHENTICATION_FAILED');
    const command = /echo .*/.exec(hint)?.[0] ?? '';
    await promisify(execFile)('/bin/sh', ['-c', command]);
    const pilot = await world.pilots.create(rm, {});
    await reached(pilot, 'Running');
  });

  it('one that is unknown is not accepted by a command that remembers nothing', async () => {
    await using world = await SshWorld.open(hosts);
    const rm = `${sshUrl(hosts)}&knownHosts=/dev/null`;
    const { hint } = await refusal(world.pilots.create(rm, {}));
    expect(hint).toMatch(/>> \S+\/\.ssh\/known_hosts, with \?knownHosts=/);
  });

  it('one that is known by another kind of key alone is asked for by that', async () => {
    await using world = await SshWorld.open(hosts);
    const rsa = (await hosts.host('h1').publicKeys()).find((key) => key.startsWith('ssh-rsa'));
    const knownHosts = join(hosts.clientHome, 'rsa');
    await writeFile(knownHosts, `[127.0.0.1]:${hosts.host('h1').port} ${rsa}\n`);
    await promisify(execFile)('ssh-keygen', ['-q', '-H', '-f', knownHosts]);
    const rm = `${sshUrl(hosts)}&knownHosts=${encodeURIComponent(knownHosts)}`;
    await reached(await world.pilots.create(rm, {}), 'Running');
  });

  it('one that has changed is refused, until somebody says that it may', async () => {
    await using world = await SshWorld.open(hosts);
    const h2 = hosts.host('h2');
    const pilot = await world.createRunning({ totalCpuCount: 1 }, ['h2']);
    const [unit] = await world.submitGated(1);
    await h2.freshHostKey();
    // Else pilots of a test that has failed could not be canceled.
    await using _known = { [Symbol.asyncDispose]: () => hosts.know() };
    await using other = await SshWorld.open(hosts);
    const { code, message } = await refusal(other.create({}, ['h2']));
    expect(code).toBe('AUTHENTICATION_FAILED');
    expect(message).toMatch(/has changed.*ssh-keygen -R/s);
    // Neither does what ran before take it.
    await reached(unit as never, 'Unknown');
    await expect.poll(() => pilot.stateDetail, { timeout: PATIENCE_MS }).toContain('changed');
    await hosts.know();
    await world.openGate();
    await world.work.wait();
    world.expectAllDoneOnce();
  });

  it('one that changes between two programs is told by the second as it is by create()', async () => {
    await using world = await SshWorld.open(hosts);
    const { id } = await world.createRunning({ totalCpuCount: 1 }, ['h2']);
    await hosts.host('h2').freshHostKey();
    await using _known = { [Symbol.asyncDispose]: () => hosts.know() };
    await world.reopen();
    const { message, hint = '' } = await refusal(world.create({}, ['h2']));
    expect(hint).toMatch(/line \d+ has SHA256:.*ssh-keygen -R/s);
    const pilot = world.pilots.pilotJobs.find((each) => each.id === id) as PilotJob;
    await expect.poll(() => pilot.explain().wouldHelp, { timeout: PATIENCE_MS }).toEqual([hint]);
    const [fingerprint] = /SHA256:\S+(?=;)/.exec(message) ?? [''];
    expect(pilot.stateDetail).toContain(fingerprint);
    const given = await pilot.cancel().catch((error: unknown) => error);
    expect(given).toMatchObject({ code: 'TIMEOUT', problem: expect.stringContaining(hint) });
    await hosts.know();
    await world.reopen();
    const again = world.pilots.pilotJobs.find((each) => each.id === id);
    expect((await again?.finished())?.state).toBe('Canceled');
  });
});

describe.skipIf(await cannotIsolate())('users', { timeout: 2 * PATIENCE_MS }, () => {
  let hosts: SshHosts;
  const password = 'open sesame 4711';
  beforeAll(async () => {
    hosts = await startSshHosts({
      hosts: [
        {},
        { account: { user: 'pat', password } },
        { account: { user: 'pat', password, asked: 'keyboard-interactive' } },
      ],
    });
  });
  afterAll(() => hosts.stop());

  it('who has the wrong key is not let in, and is told what was tried', async () => {
    await using world = await SshWorld.open(hosts);
    const strange = await hosts.makeIdentity('strange', { isKnown: false });
    const rm = await urlWithKey(hosts, 'h1', strange);
    const { code, message } = await refusal(world.pilots.create(rm, {}));
    expect(code).toBe('AUTHENTICATION_FAILED');
    expect(message).toContain('strange');
    expect(message).toContain('publickey');
  });

  it('who names a key that is not there is told so', async () => {
    await using world = await SshWorld.open(hosts);
    const rm = await urlWithKey(hosts, 'h1', '/nowhere/key');
    const { message } = await refusal(world.pilots.create(rm, {}));
    expect(message).toContain('there is no /nowhere/key');
  });

  it.each(['h2', 'h3'])('a password is given beforehand (%s)', async (name) => {
    await using world = await SshWorld.open(hosts);
    const context = { type: 'ssh', userPass: password };
    const pilot = await world.pilots.create(await urlWithKey(hosts, name, 'none'), {}, { context });
    await reached(pilot, 'Running');
    const [unit] = await world.work.submit([{ executable: '/usr/bin/id' }]);
    await world.work.wait();
    expect(unit?.exit?.host).toBe(name);
  });

  it('a passphrase is asked for once, and again by who opens the service anew', async () => {
    await using world = await SshWorld.open(hosts);
    const passphrase = 'more than a word 0815';
    const identity = await hosts.makeIdentity('protected', { passphrase });
    const asked: string[] = [];
    const prompt = ({ kind, text }: { kind: string; text: string }) => {
      asked.push(`${kind}: ${text}`);
      return passphrase;
    };
    const rm = await urlWithKey(hosts, 'h1', identity);
    // One for the unit that waits, and one for that beside it, however few there are.
    const description = { totalCpuCount: 2 };
    await reached(await world.pilots.create(rm, description, { context: { prompt } }), 'Running');
    expect(asked).toEqual([expect.stringMatching(/^passphrase: .*protected/)]);
    await world.submitGated(1);
    await hosts.host('h1').cut();
    await world.work.submit([world.keeping(0)]).then(([unit]) => reached(unit as never, 'Done'));
    expect(asked.length).toBe(1);
    await world.reopen({ prompt });
    await world.openGate();
    await world.work.wait();
    world.expectAllDoneOnce();
    expect(asked.length).toBe(2);
  });

  it('what is in ~/.ssh is found there', async () => {
    await using world = await SshWorld.open(hosts);
    const home = join(hosts.clientHome, 'home');
    await mkdir(join(home, '.ssh'), { recursive: true, mode: 0o700 });
    await copyFile(hosts.identity, join(home, '.ssh/id_ed25519'));
    await copyFile(hosts.knownHosts, join(home, '.ssh/known_hosts'));
    const { port, user } = hosts.host('h1');
    const config = join(home, '.ssh/config');
    await appendFile(config, `Host near\nHostName 127.0.0.1\nPort ${port}\nUser ${user}\n`);
    vi.stubEnv('HOME', home);
    onTestFinished(() => void vi.unstubAllEnvs());
    await reached(await world.pilots.create('ssh://near', {}), 'Running');
  });
});
