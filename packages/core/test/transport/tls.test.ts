import { once } from 'node:events';
import {
  type AddressInfo,
  connect as connectTcp,
  createServer,
  type Server,
  type Socket,
} from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { LARGEST_FRAME } from '../../src/protocol/messages.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { randomSecret } from '../../src/runtime/random.ts';
import type { Link } from '../../src/transport/link.ts';
import { type DialOptions, dialTls } from '../../src/transport/tls-dial.ts';
import { type Listener, type ListenOptions, listenTls } from '../../src/transport/tls-listener.ts';
import { PSK_TLS } from '../../src/transport/tls-options.ts';
import { describeLinks, watch } from './link-suite.ts';

const key = randomSecret(32);
const open: { close(): void }[] = [];

afterEach(() => {
  for (const listener of open.splice(0)) listener.close();
});

async function listen(options: Partial<ListenOptions> = {}): Promise<Listener> {
  const keyFor = (identity: string) => (identity === 'pilot-1' ? key : undefined);
  const listener = await listenTls({ keyFor, log: silentLog, ...options });
  open.push(listener);
  return listener;
}

function dial(to: { port: number }, options: Partial<DialOptions> = {}): Promise<Link> {
  const { port } = to;
  return dialTls({
    host: '127.0.0.1',
    port,
    identity: 'pilot-1',
    key,
    timeoutMs: 20_000,
    ...options,
  });
}

function nextLink(listener: Listener): Promise<[Link, string]> {
  return new Promise((resolve) => listener.once('link', (...told) => resolve(told)));
}

async function connect(listener: Listener): Promise<[Link, Link]> {
  const [near, [far]] = await Promise.all([dial(listener), nextLink(listener)]);
  return [near, far];
}

/** A server that does what it is told with each connection. */
async function serve(each: (socket: Socket) => void): Promise<{ server: Server; port: number }> {
  const server = createServer(each).listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push(server);
  return { server, port: (server.address() as AddressInfo).port };
}

/** A bare connection to a listener, and when it has been closed from there. */
async function stranger(listener: Listener): Promise<[Socket, Promise<unknown>]> {
  const socket = connectTcp({ port: listener.port, host: '127.0.0.1', allowHalfOpen: true });
  const closed = new Promise((resolve) => socket.once('end', resolve).once('close', resolve));
  socket.on('error', () => {}).resume();
  await once(socket, 'connect');
  return [socket, closed];
}

describeLinks('over TLS', async () => connect(await listen()));

describe('a listener', () => {
  it('tells who has come', async () => {
    const listener = await listen();
    const arrived = nextLink(listener);
    const near = await dial(listener);
    const [far, identity] = await arrived;
    expect(identity).toBe('pilot-1');
    expect(near.peer).toBe(`127.0.0.1:${listener.port}`);
    expect(far.peer).toMatch(/^127\.0\.0\.1:\d+$/);
    near.destroy();
  });

  it('refuses an unknown identity exactly as it does a wrong key', async () => {
    const debug = vi.fn();
    const listener = await listen({ log: { ...silentLog, debug } });
    const wrong = await dial(listener, { key: randomSecret(32) }).catch((error) => error);
    const unknown = await dial(listener, { identity: 'nobody' }).catch((error) => error);
    expect(wrong).toMatchObject({ code: 'AUTHENTICATION_FAILED', hint: expect.any(String) });
    expect(unknown.toData()).toEqual(wrong.toData());
    expect(unknown.cause.code).toBe(wrong.cause.code);
    await expect.poll(() => debug).toHaveBeenCalledTimes(2);
  });

  it('asks for the key anew for each connection', async () => {
    let current: Uint8Array | undefined = key;
    const listener = await listen({ keyFor: () => current });
    const near = await dial(listener);
    current = undefined;
    await expect(dial(listener)).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' });
    near.destroy();
  });

  it.each<[string, (socket: Socket) => void]>([
    ['sends garbage', (socket) => socket.write('GET / HTTP/1.1\r\n\r\n')],
    [
      'sends a record of garbage',
      (socket) => socket.write(Buffer.from('16030100050100000100', 'hex')),
    ],
    ['half-closes', (socket) => socket.end()],
    ['resets', (socket) => socket.resetAndDestroy()],
    [
      'sends garbage and resets',
      (socket) => socket.write(randomSecret(90_000), () => socket.resetAndDestroy()),
    ],
  ])('survives a stranger that %s, and lets the next one in', async (_, misbehave) => {
    const listener = await listen({ maxStrangers: 1 });
    const [socket, closed] = await stranger(listener);
    misbehave(socket);
    await closed;
    const near = await vi.waitFor(() => dial(listener), { timeout: 20_000 });
    near.destroy();
    socket.destroy();
  });

  it('gives strangers little time, however they use it', async () => {
    const listener = await listen({ handshakeTimeoutMs: 50, maxStrangers: 2 });
    const [silent, silentClosed] = await stranger(listener);
    const [dripping, drippingClosed] = await stranger(listener);
    // The head of a TLS record that announces more than will ever come.
    dripping.write(Buffer.from('1603014000', 'hex'));
    const drip = setInterval(() => dripping.write(Buffer.of(1)), 5);
    await Promise.all([silentClosed, drippingClosed]);
    clearInterval(drip);
    silent.destroy();
    dripping.destroy();
  });

  it('lets those with a key stay beyond that time', async () => {
    const listener = await listen({ handshakeTimeoutMs: 300, maxStrangers: 1 });
    const [near, far] = await connect(listener);
    const there = watch(far);
    // A later stranger is turned out by the same limit: then the time of the first is over too.
    const [, closed] = await stranger(listener);
    await closed;
    near.send({ still: 'here' });
    expect(await there.received(1)).toEqual([{ still: 'here' }]);
    near.destroy();
  });

  it('turns away strangers beyond the limit, and not those with a key', async () => {
    const listener = await listen({ maxStrangers: 1 });
    const links = [await connect(listener), await connect(listener)];
    const [first] = await stranger(listener);
    await expect(dial(listener)).rejects.toMatchObject({
      code: 'CONNECTION_LOST',
      transient: true,
    });
    first.destroy();
    for (const [near] of links) near.destroy();
  });

  it('frees its port and turns strangers out, and lets links live on', async () => {
    const listener = await listen();
    const [near, far] = await connect(listener);
    const there = watch(far);
    const [, closed] = await stranger(listener);
    listener.close();
    await closed;
    await expect(dial(listener)).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    near.send({ still: 'here' });
    await there.received(1);
    near.destroy();
  });

  it('says why it cannot listen', async () => {
    const { port } = await listen();
    await expect(listen({ port })).rejects.toMatchObject({
      code: 'ALREADY_EXISTS',
      subject: `127.0.0.1:${port}`,
    });
    await expect(listen({ host: '192.0.2.1' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('a link over TLS', () => {
  it('is told of a frame beyond the limit, though the other side has the key', async () => {
    const listener = await listen();
    const arrived = nextLink(listener);
    const socket = connectTls({
      ...PSK_TLS,
      port: listener.port,
      host: '127.0.0.1',
      pskCallback: () => ({ psk: key, identity: 'pilot-1' }),
      checkServerIdentity: () => undefined,
    });
    socket.on('error', () => {});
    const there = watch((await arrived)[0]);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(LARGEST_FRAME + 1);
    socket.write(length);
    expect(await there.closed()).toMatchObject({ code: 'PROTOCOL_MISMATCH' });
  });

  it('ends at bytes that were changed on the way', async () => {
    const listener = await listen();
    let change = false;
    const { port } = await serve((inner) => {
      const outer = connectTcp(listener.port, '127.0.0.1');
      for (const socket of [inner, outer]) socket.on('error', () => {});
      outer.pipe(inner);
      inner.on('data', (chunk) => {
        if (change) chunk[chunk.length - 1] = ~(chunk.at(-1) ?? 0);
        outer.write(chunk);
      });
      inner.on('close', () => outer.destroy());
      outer.on('close', () => inner.destroy());
    });
    const [near, [far]] = await Promise.all([dial({ port }), nextLink(listener)]);
    const [here, there] = [watch(near), watch(far)];
    near.send({ untouched: true });
    await there.received(1);
    change = true;
    near.send({ untouched: false });
    expect(await there.closed()).toMatchObject({ code: 'CONNECTION_LOST' });
    await here.closed();
    expect(there.messages).toEqual([{ untouched: true }]);
  });
});

describe('dialling', () => {
  it('fails where nobody listens', async () => {
    const { server, port } = await serve(() => {});
    server.close();
    await expect(dial({ port })).rejects.toMatchObject({
      code: 'CONNECTION_LOST',
      subject: `127.0.0.1:${port}`,
    });
  });

  it('fails where something else listens', async () => {
    const { port } = await serve((socket) => {
      socket.on('error', () => {}).end('HTTP/1.1 400 Bad Request\r\n\r\n');
    });
    await expect(dial({ port })).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' });
  });

  it('fails where nobody answers in time', async () => {
    const { port } = await serve((socket) => socket.on('error', () => {}).resume());
    await expect(dial({ port }, { timeoutMs: 50 })).rejects.toMatchObject({
      code: 'CONNECTION_LOST',
      problem: 'no link within 50 ms',
    });
  });

  it('fails where the other side hangs up', async () => {
    const { port } = await serve((socket) => socket.resetAndDestroy());
    await expect(dial({ port })).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
  });
});
