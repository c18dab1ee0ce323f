/** What ssh pilots do when nothing goes wrong, and what hosts may lack. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cannotIsolate, type SshHosts, startSshHosts } from '../clusters/ssh/hosts.ts';
import { reached, shell } from '../integration/fixture.ts';
import { filesOn, PATIENCE_MS, processesOn, SshWorld } from './fixture.ts';

describe.skipIf(await cannotIsolate())('on three hosts', { timeout: 2 * PATIENCE_MS }, () => {
  let hosts: SshHosts;
  const names = ['h1', 'h2', 'h3'];
  beforeAll(async () => {
    hosts = await startSshHosts({ hosts: [{}, {}, {}] });
  });
  afterAll(() => hosts.stop());

  it('a pilot has an agent on each, and does its work on all of them', async () => {
    await using world = await SshWorld.open(hosts);
    const pilot = await world.createRunning({ totalCpuCount: 6 }, names);
    const nodes = pilot.nodes.map(({ host, cores }) => `${host}: ${cores}`);
    expect(nodes.sort()).toEqual(['h1: 2', 'h2: 2', 'h3: 2']);
    const units = await world.submitGated(6);
    await world.work.submit(Array.from({ length: 500 }, () => ({ executable: '/bin/true' })));
    await world.openGate();
    await world.work.wait();
    expect(world.work.statistics.byState.Done).toBe(506);
    const hostsOf = units.map(({ exit }) => exit?.host);
    expect(hostsOf.sort()).toEqual(['h1', 'h1', 'h2', 'h2', 'h3', 'h3']);
  });

  it('a canceled pilot leaves no process, and no file but the cache', async () => {
    await using world = await SshWorld.open(hosts);
    const before = await filesOn(hosts, hosts.host('h2'));
    const pilot = await world.createRunning({ totalCpuCount: 2 }, ['h1', 'h2']);
    await world.work.submit([
      shell('setsid sleep 1000 & exec sleep 1000'),
      shell('echo text >&2; sleep 1000'),
    ]);
    for (const unit of world.work.workUnits) await reached(unit, 'Running');
    const agents = [hosts.host('h1'), hosts.host('h2')];
    for (const host of agents) expect(await processesOn(host)).not.toEqual([]);
    await pilot.cancel();
    for (const host of agents) expect(await processesOn(host)).toEqual([]);
    expect(await filesOn(hosts, hosts.host('h2'))).toEqual(before);
  });

  it('the second pilot finds in the cache what the first one needed', async () => {
    const cache = 'find ~/.cache/pstar -maxdepth 1 -type f -printf "%p %i %t "';
    await using world = await SshWorld.open(hosts);
    await world.createRunning({ totalCpuCount: 1 }, ['h3']);
    const { stdout: before } = await hosts.host('h3').run(cache);
    expect(before).toContain('agent');
    await world.createRunning({ totalCpuCount: 1 }, ['h3']);
    expect((await hosts.host('h3').run(cache)).stdout).toBe(before);
  });

  it('agents go on when their services are closed, and are known when they are open again', async () => {
    await using world = await SshWorld.open(hosts);
    await world.createRunning({ totalCpuCount: 4 }, ['h1', 'h2']);
    const units = await world.submitGated(2);
    await world.work.submit([world.keeping(0)]);
    const ids = units.map(({ id }) => id);
    await world.reopen();
    await world.openGate();
    await world.work.wait();
    expect([...world.work.workUnits].map(({ id }) => id)).toEqual(expect.arrayContaining(ids));
    world.expectAllDoneOnce();
  });

  it('the log of an agent comes here when its pilot is over', async () => {
    await using world = await SshWorld.open(hosts);
    const own = await mkdtemp(join(tmpdir(), 'pstar-test-'));
    const output = join(own, 'log');
    const description = { totalCpuCount: 1, output, initCommands: ['echo hello from $(hostname)'] };
    const pilot = await world.createRunning(description);
    await pilot.cancel();
    expect(await readFile(output, 'utf8')).toContain('hello from h1');
    await rm(own, { recursive: true });
  });

  it.each([
    ['agent.scratch', '/proc/none', 'DESCRIPTION_INVALID'],
    ['workingDirectory', '/proc/none/a', 'DESCRIPTION_INVALID'],
    ['workingDirectory', '/etc/passwd/a', 'ADAPTOR_FAILED'],
  ])(
    'a directory that cannot be made is refused with its name: %s, %s',
    async (subject, path, code) => {
      await using world = await SshWorld.open(hosts);
      const part =
        subject === 'agent.scratch' ? { agent: { scratch: path } } : { workingDirectory: path };
      const created = world.create({ totalCpuCount: 1, ...part }, ['h1']);
      const problem = expect.stringMatching(`^${path}\\S* cannot be made on .*: /.*: \\w+`);
      await expect(created).rejects.toMatchObject({ code, subject, problem });
      await world.work.close();
      await world.pilots.close();
      expect(await processesOn(hosts.host('h1'))).toEqual([]);
    },
  );
});

describe.skipIf(await cannotIsolate())(
  'on hosts that lack something',
  { timeout: 2 * PATIENCE_MS },
  () => {
    let hosts: SshHosts;
    beforeAll(async () => {
      hosts = await startSshHosts({
        hosts: [{ node: 'none' }, { node: 'v12.22.1' }, { home: 'read-only' }, { home: 16 }],
      });
    });
    afterAll(() => hosts.stop());

    it('without Node.js nothing runs, and the error says what was looked for and what helps', async () => {
      await using world = await SshWorld.open(hosts);
      const created = world.create({}, ['h1']);
      await expect(created).rejects.toThrow(/Node\.js 20\.19.*sendNode/);
      const old = world.create({}, ['h2']);
      await expect(old).rejects.toThrow(/\/mnt\/bin\/node.*12\.22\.1/);
      expect(world.pilots.pilotJobs).toEqual([]);
      expect(await filesOn(hosts, hosts.host('h1'))).toEqual([]);
    });

    it('without Node.js the one of this program is sent along', async () => {
      await using world = await SshWorld.open(hosts);
      await world.createRunning({ totalCpuCount: 1, agent: { sendNode: true } }, ['h1']);
      const [unit] = await world.work.submit([shell('command -v node || hostname')]);
      await world.work.wait();
      expect(unit?.state).toBe('Done');
    });

    it('Node.js may be where a command finds it, or where the pilot says', async () => {
      await using world = await SshWorld.open(hosts);
      const h1 = hosts.host('h1');
      const { stdout } = await h1.run('mkdir -p ~/opt && ls ~/.cache/pstar/node-*');
      await h1.run(`ln -s ${stdout.trim()} ~/opt/node`);
      const path = join(h1.homeThere, 'opt');
      await world.createRunning({ totalCpuCount: 1, agent: { node: `${path}/node` } }, ['h1']);
      const initCommands = [`PATH=${path}:$PATH`];
      await world.createRunning({ totalCpuCount: 1, initCommands }, ['h1']);
    });

    it('a home that cannot be written to is named, and another directory will do', async () => {
      await using world = await SshWorld.open(hosts);
      const created = world.create({}, ['h3']);
      await expect(created).rejects.toThrow(/Read-only file system.*scratch/);
      expect(await processesOn(hosts.host('h3'))).toEqual([]);
      const scratch = '/var/tmp/pstar-test';
      const pilot = await world.createRunning({ totalCpuCount: 1, agent: { scratch } }, ['h3']);
      await world.submitGated(1);
      await world.openGate();
      await world.work.wait();
      world.expectAllDoneOnce();
      await pilot.cancel();
      expect(await filesOn(hosts, hosts.host('h3'))).toEqual([]);
    });

    it('a disk that is full is said to be, and nothing of the attempt is left on it', async () => {
      await using world = await SshWorld.open(hosts);
      const h4 = hosts.host('h4');
      await h4.run('head -c 15M /dev/zero >~/filler');
      await expect(world.create({}, ['h4'])).rejects.toThrow(/\/root is full: .*KiB free/);
      expect(await filesOn(hosts, h4)).toEqual([join(h4.homeThere, 'filler')]);
      await h4.run('rm ~/filler');
      await world.createRunning({ totalCpuCount: 1 }, ['h4']);
    });

    it('a disk that fills up later fails what needs it, and the pilot goes on when there is room', async () => {
      await using world = await SshWorld.open(hosts);
      const h4 = hosts.host('h4');
      const pilot = await world.createRunning({ totalCpuCount: 1 }, ['h4']);
      await h4.run('cat /dev/zero >~/filler');
      const needs = shell('head -c 100000 /dev/zero >~/wanted');
      const [failed] = await world.work.submit([needs]);
      await world.work.wait();
      expect(failed?.state).toBe('Failed');
      await h4.run('rm ~/filler');
      const [done] = await world.work.submit([needs]);
      await world.work.wait();
      expect(done?.state).toBe('Done');
      expect(pilot.state).toBe('Running');
    });
  },
);
