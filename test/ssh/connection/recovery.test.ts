import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../../clusters/base/processes.ts';
import { type SshHosts, startSshHosts } from '../../clusters/ssh/hosts.ts';
import { SilentProxy } from '../../clusters/ssh/silent-proxy.ts';
import { becomes, Client } from './fixture.ts';

let hosts: SshHosts;
let client: Client;
let server: Server;
let to: { readonly host: string; readonly port: number };

beforeAll(async () => {
  hosts = await startSshHosts({ hosts: [{ name: 'h1' }, { name: 'closed', forwarding: false }] });
  server = createServer((socket) => socket.on('error', () => {}).end('here\n'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  to = { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
});
afterAll(async () => {
  server?.close();
  await hosts?.stop();
});
beforeEach(() => {
  client = new Client(hosts);
});
afterEach(() => client.close());

describe('a connection that is lost', () => {
  it('comes back by itself; what ran is lost with it, and what comes next waits', async () => {
    const host = await client.connect('h1');
    const running = expect(host.runner.run(['sleep', '61'])).rejects.toMatchObject({
      code: 'CONNECTION_LOST',
      transient: true,
    });
    await until('running', async () => {
      return (await host.runner.run(['ps', '-eo', 'args'])).stdout.includes('sleep 61');
    });
    const lost = becomes(host, 'reconnecting');
    await hosts.host('h1').cut();
    await lost;
    await running;
    expect((await host.runner.run(['echo', 'back'])).stdout).toBe('back\n');
    expect(host.state.state).toBe('connected');
    await host.runner.files.write('/tmp/after', 'it');
  });

  it('keeps its tunnels, at the same port', async () => {
    const host = await client.connect('h1');
    const tunnel = await host.forward(to);
    const dial = async () => {
      const script = `exec 3<>/dev/tcp/127.0.0.1/${tunnel.remote.port}; cat <&3`;
      return (await host.runner.run(['bash', '-c', script])).stdout;
    };
    expect(await dial()).toBe('here\n');
    const { port } = tunnel.remote;
    const lost = becomes(host, 'reconnecting');
    await hosts.host('h1').cut();
    await lost;
    const back = becomes(host, 'connected');
    await back;
    await host.runner.run(['true']);
    expect(tunnel.remote.port).toBe(port);
    expect(await dial()).toBe('here\n');
    await tunnel.close();
    const script = `exec 3<>/dev/tcp/127.0.0.1/${port}`;
    expect((await host.runner.run(['bash', '-c', script])).exitCode).not.toBe(0);
  });

  it('keeps its sockets, which nobody else can connect to', async () => {
    const host = await client.connect('h1');
    const path = '/tmp/taken.sock';
    expect(await host.listen(path, (stream) => stream.end('here\n'))).toBe(true);
    const program = `require('net').connect('${path}').pipe(process.stdout)`;
    const dial = async () => (await host.runner.run([process.execPath, '-e', program])).stdout;
    expect(await dial()).toBe('here\n');
    const lost = becomes(host, 'reconnecting');
    await hosts.host('h1').cut();
    await lost;
    // A port comes after them, so that whoever has the choice finds the better way.
    const tunnel = await host.forward(to);
    expect(await dial()).toBe('here\n');
    const { stdout } = await host.runner.run(['stat', '-c', '%A', path]);
    expect(stdout).toBe('srw-------\n');
    await host.unlisten(path);
    expect(await dial()).toBe('');
    await tunnel.close();
  });

  it('is noticed when it is silent', async () => {
    await using proxy = await SilentProxy.open(hosts.host('h1').port);
    const port = hosts.host('h1').port;
    const lines = [
      `Host h1\n  HostKeyAlias [127.0.0.1]:${port}`,
      'Host *\n  ServerAliveInterval 1\n  ServerAliveCountMax 1',
      await readFile(hosts.config, 'utf8'),
    ];
    const config = `${hosts.config}.silent`;
    await writeFile(config, lines.join('\n'));
    const target = { port: proxy.port, config };
    const host = await client.connect('h1', {}, target);
    const lost = becomes(host, 'reconnecting');
    proxy.mode = 'silent';
    await lost;
    proxy.mode = 'through';
    expect((await host.runner.run(['echo', 'back'])).stdout).toBe('back\n');
  });

  it('says in its state why it does not come back', async () => {
    const host = await client.connect('h1');
    const lost = becomes(host, 'reconnecting');
    await hosts.host('h1').down();
    await lost;
    const said = await becomes(host, 'reconnecting');
    expect(said).toMatchObject({ error: { code: 'RESOURCE_MANAGER_UNREACHABLE' } });
    const late = host.runner.run(['true'], { timeoutMs: 50 });
    await expect(late).rejects.toMatchObject({ code: 'TIMEOUT' });
    const waiting = host.runner.run(['echo', 'waited']);
    await hosts.host('h1').up();
    expect((await waiting).stdout).toBe('waited\n');
  });
});

describe('a connection that somebody needs', () => {
  it('is tried at once, however long it would have waited', async () => {
    const host = await client.connect('h1');
    const lost = becomes(host, 'reconnecting');
    await hosts.host('h1').down();
    await lost;
    const waits = async (ms: number): Promise<void> => {
      const state = await becomes(host, 'reconnecting');
      if (state.state === 'reconnecting' && (state.waitMs ?? 0) < ms) await waits(ms);
    };
    // The next attempt is two seconds away at least, and then four.
    await waits(2000);
    const hurried = becomes(host, 'reconnecting');
    host.hurry();
    expect(await hurried).toMatchObject({ error: { code: 'RESOURCE_MANAGER_UNREACHABLE' } });
    expect(host.state).toMatchObject({ state: 'reconnecting' });
    const { waitMs } = host.state as { waitMs: number };
    expect(waitMs).toBeLessThanOrEqual(500);
    // Who asks again and again does not put it off.
    const states: unknown[] = [];
    const watch = host.state$.subscribe((state) => states.push(state));
    for (let i = 0; i < 100; i += 1) host.hurry();
    expect(states).toEqual([]);
    watch.unsubscribe();
    await hosts.host('h1').up();
    expect((await host.runner.run(['echo', 'back'])).stdout).toBe('back\n');
  });
});

describe('forwarding', () => {
  it('that the server forbids is an error that says so; sockets are not there', async () => {
    const host = await client.connect('closed');
    expect(await host.listen('/tmp/none.sock', () => {})).toBe(false);
    await expect(host.forward(to)).rejects.toMatchObject({
      code: 'OPERATION_UNSUPPORTED',
      hint: expect.stringContaining('AllowTcpForwarding'),
    });
    expect((await host.runner.run(['true'])).exitCode).toBe(0);
  });
});
