import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { silentLog, systemClock } from '@pstar/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readGreeting, relayGreeting } from '../../src/relay/relay-protocol.ts';
import { RelayTunnel } from '../../src/relay/relay-tunnel.ts';
import { FakeHost } from '../support/fake-host.ts';

const PROGRAM = fileURLToPath(new URL('../../dist/relay/relay.mjs', import.meta.url));

let manager: Server;
let host: FakeHost;
let tunnel: RelayTunnel;

/** Gives back what it gets. */
function echo(socket: Socket): void {
  socket.on('error', () => {});
  socket.pipe(socket);
}

beforeEach(async () => {
  manager = createServer({ allowHalfOpen: true }, echo).listen(0, '127.0.0.1');
  await once(manager, 'listening');
  host = await FakeHost.make('h1');
});

afterEach(async () => {
  await tunnel?.close();
  await host.close();
  manager.close();
  await rm(host.home, { recursive: true, force: true });
});

async function open(command = [process.execPath, PROGRAM], listen = '127.0.0.1'): Promise<void> {
  const { port } = manager.address() as AddressInfo;
  const to = { host: '127.0.0.1', port };
  tunnel = await RelayTunnel.open({
    host,
    to,
    command,
    listen,
    clock: systemClock,
    log: silentLog,
  });
}

/** What comes back of what is sent. */
async function sent(text: string): Promise<string> {
  const socket = connect({ ...tunnel.remote, allowHalfOpen: true });
  socket.end(text);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

describe('a relay', () => {
  it('passes on what comes, either way, from many at once', async () => {
    await open();
    expect(tunnel.kind).toBe('relay');
    const texts = Array.from({ length: 20 }, (_, i) => String(i).repeat(100_000));
    expect(await Promise.all(texts.map(sent))).toEqual(texts);
  });

  it('lets others pass while one does not read', async () => {
    await open();
    const slow = connect(tunnel.remote);
    await once(slow, 'connect');
    slow.pause();
    // More than all windows on the way together, so that it does wait.
    slow.write(Buffer.alloc(64 * 1024 * 1024));
    expect(await sent('hello')).toBe('hello');
    slow.destroy();
  });

  it('is not confused by what a login shell says first', async () => {
    const { name } = host;
    await open(['sh', '-c', `echo Welcome to ${name}; exec "$0" "$@"`, process.execPath, PROGRAM]);
    expect(await sent('hello')).toBe('hello');
  });

  it('is started again when it is lost, at the same port if it can be had', async () => {
    await open();
    const { port } = tunnel.remote;
    host.channels[0]?.kill();
    await expect.poll(() => sent('again').catch(() => ''), { timeout: 20_000 }).toBe('again');
    expect(tunnel.remote.port).toBe(port);
  });

  it('says where it is when that has changed', async () => {
    await open();
    const moved = new Promise<unknown>((resolve) => tunnel.remote$.subscribe(resolve));
    const { port } = tunnel.remote;
    host.channels[0]?.kill();
    const other = createServer();
    const take = () => other.listen(port, '127.0.0.1');
    other.on('error', () => setImmediate(take));
    take();
    expect(await moved).toEqual(tunnel.remote);
    expect(tunnel.remote.port).not.toBe(port);
    expect(await sent('hello')).toBe('hello');
    other.close();
  });

  it('that cannot be started says why', async () => {
    await expect(open(['sh', '-c', 'echo no such thing >&2; exit 3'])).rejects.toThrow(
      'the relay does not start: no such thing (me@h1)',
    );
  });
});

describe('its greeting', () => {
  it('is found wherever it ends, with what comes after it', () => {
    const address = { host: '10.0.0.1', port: 4711 };
    const whole = Buffer.concat([
      Buffer.from(`hello${relayGreeting(address)}`),
      Buffer.from([0, 1, 255]),
    ]);
    expect(readGreeting(whole)).toEqual({ address, rest: Buffer.from([0, 1, 255]) });
    expect(readGreeting(whole.subarray(0, -4))).toBe(undefined);
  });
});
