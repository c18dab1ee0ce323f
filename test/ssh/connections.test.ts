/** What happens to connections, and that no work is lost by it, nor done twice. */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../clusters/base/processes.ts';
import {
  cannotIsolate,
  type SshHost,
  type SshHosts,
  startSshHosts,
} from '../clusters/ssh/hosts.ts';
import { SilentProxy } from '../clusters/ssh/silent-proxy.ts';
import { reached } from '../integration/fixture.ts';
import { configWith, impatientConfig, PATIENCE_MS, SshWorld } from './fixture.ts';

const CORES = 2;

/** So that known_hosts is asked for the host, whatever the port that leads there. */
const through = ({ name, port }: SshHost, by: number) =>
  `Host ${name}\n  Port ${by}\n  HostKeyAlias [127.0.0.1]:${port}`;

describe.skipIf(await cannotIsolate())('when', { timeout: 2 * PATIENCE_MS }, () => {
  let hosts: SshHosts;
  beforeAll(async () => {
    hosts = await startSshHosts({
      hosts: [
        {},
        {},
        { forwarding: false },
        { maxSessions: 2 },
        { lines: ['AllowStreamLocalForwarding no'] },
      ],
    });
  });
  afterAll(() => hosts.stop());

  const url = (config: string, name: string) =>
    `ssh://${name}/?config=${encodeURIComponent(config)}`;

  it('connections are cut in the middle, units go on and are heard of afterwards', async () => {
    await using world = await SshWorld.open(hosts);
    const pilot = await world.createRunning({ totalCpuCount: 2 * CORES }, ['h1', 'h2']);
    await world.submitGated(2 * CORES);
    await Promise.all([hosts.host('h1').cut(), hosts.host('h2').cut()]);
    await world.openGate();
    await world.work.wait();
    world.expectAllDoneOnce();
    expect(pilot.state).toBe('Running');
  });

  it('connections are cut time and again while many units run, none is lost or runs twice', async () => {
    await using world = await SshWorld.open(hosts);
    await world.createRunning({ totalCpuCount: 8 }, ['h1']);
    const count = 400;
    await world.work.submit(Array.from({ length: count }, () => world.keeping(0.02)));
    const done = () => world.work.statistics.byState.Done;
    for (const milestone of [1, 100, 200, 300]) {
      await expect.poll(done, { timeout: PATIENCE_MS }).toBeGreaterThanOrEqual(milestone);
      await hosts.host('h1').cut();
    }
    await world.work.wait();
    world.expectAllDoneOnce();
  });

  it('the server is away for a while, everything goes on when it is back', async () => {
    await using world = await SshWorld.open(hosts);
    const pilot = await world.createRunning({ totalCpuCount: CORES });
    const [unit] = await world.submitGated(CORES);
    await hosts.host('h1').down();
    await reached(unit as never, 'Unknown');
    await world.openGate();
    await hosts.host('h1').up();
    await world.work.wait();
    world.expectAllDoneOnce();
    expect(pilot.state).toBe('Running');
  });

  it('one of several hosts is away, it is named as it was written, also if it was there before', async () => {
    await using world = await SshWorld.open(hosts);
    const h2 = hosts.host('h2');
    await h2.down();
    const address = `127.0.0.1 port ${h2.port}`;
    const created = () => world.create({ totalCpuCount: 2 }, ['h1', 'h2']);
    await expect(created()).rejects.toThrow(`it refuses the connection (h2 at ${address})`);
    await h2.up();
    await world.createRunning({ totalCpuCount: 2 }, ['h1', 'h2']);
    await h2.down();
    await expect(created()).rejects.toThrow('it refuses the connection (h2)');
    await h2.up();
  });

  it('the network falls silent and comes back, everything goes on', async () => {
    const h1 = hosts.host('h1');
    await using network = await SilentProxy.open(h1.port);
    const config = await impatientConfig(hosts, through(h1, network.port));
    await using world = await SshWorld.open(hosts);
    const rm = url(config, 'h1');
    const pilot = await world.createRunning({ totalCpuCount: CORES }, ['h1'], rm);
    const [unit] = await world.submitGated(CORES);
    network.mode = 'silent';
    await reached(unit as never, 'Unknown');
    network.mode = 'through';
    await reached(unit as never, 'Running');
    await world.openGate();
    await world.work.wait();
    world.expectAllDoneOnce();
    expect(pilot.state).toBe('Running');
  });

  it('a host loses its power, its units run again elsewhere, once it is known that they are gone', async () => {
    await using world = await SshWorld.open(hosts);
    const pilot = await world.createRunning({ totalCpuCount: 2 * CORES }, ['h1', 'h2']);
    const units = await world.submitGated(2 * CORES);
    const h2 = hosts.host('h2');
    await h2.kill();
    await h2.start();
    await world.openGate();
    await world.work.wait();
    world.expectAllDone();
    const starts = units.map(({ id }) => world.startsOf(id));
    expect(starts.sort()).toEqual([1, 1, 2, 2]);
    expect(pilot.state).toBe('Running');
  });

  it('sockets may be forwarded, agents come by one, also when it is cut; elsewhere by a port', async () => {
    await using world = await SshWorld.open(hosts);
    await world.createRunning({ totalCpuCount: 2 }, ['h1', 'h5']);
    const [launch = ''] = (await hosts.host('h1').run('ls ~/.cache/pstar/pilots')).stdout.split(
      '\n',
    );
    const socket = `${launch}/manager.sock`;
    // As proc(5) has it: 03 is connected.
    const linked = async () =>
      (await readFile('/proc/net/unix', 'utf8')).match(new RegExp(` 03 +\\d+ .*${socket}`));
    expect(await linked()).not.toBeNull();
    expect(
      (await hosts.host('h5').run('ls ~/.cache/pstar/pilots/*/manager.sock')).exitCode,
    ).not.toBe(0);
    const units = await world.submitGated(2);
    await hosts.host('h1').cut();
    await until('linked again', async () => (await linked()) !== null);
    await world.openGate();
    await world.work.wait();
    world.expectAllDoneOnce();
    expect(units.map(({ exit }) => exit?.host).sort()).toEqual(['h1', 'h5']);
  });

  it('forwarding is forbidden, a relay takes its place, also when it is cut', async () => {
    await using world = await SshWorld.open(hosts);
    const pilot = await world.createRunning({ totalCpuCount: CORES }, ['h3']);
    await world.submitGated(CORES);
    await hosts.host('h3').cut();
    await world.openGate();
    await world.work.wait();
    world.expectAllDoneOnce();
    expect(pilot.state).toBe('Running');
  });

  it('a connection may run few commands at once, those that are too many wait', async () => {
    await using world = await SshWorld.open(hosts);
    const pilots = await Promise.all(
      [1, 2, 3, 4].map(() => world.createRunning({ totalCpuCount: 1 }, ['h4'])),
    );
    await world.submitGated(4);
    await world.openGate();
    await world.work.wait();
    world.expectAllDoneOnce();
    expect(pilots.map(({ state }) => state)).toEqual(Array(4).fill('Running'));
  });

  it('the way leads through another host, and that is cut', async () => {
    const jump = 'Host h2\n  HostName h2.inside\n  ProxyJump h1';
    const config = await configWith(hosts, jump);
    await using world = await SshWorld.open(hosts);
    await world.createRunning({ totalCpuCount: CORES }, ['h2'], url(config, 'h2'));
    const units = await world.submitGated(CORES);
    await hosts.host('h1').cut();
    await world.openGate();
    await world.work.wait();
    world.expectAllDoneOnce();
    expect(units.map(({ exit }) => exit?.host)).toEqual(['h2', 'h2']);
  });
});
