import { once } from 'node:events';
import { type AddressInfo, connect as connectTcp, createServer, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import { silentLog } from '../../src/runtime/log.ts';
import { Pieces } from '../../src/runtime/pieces.ts';
import { SocketLink } from '../../src/transport/socket-link.ts';
import { describeLinks, watch } from './link-suite.ts';

/** Two ends of a plain connection. */
async function sockets(): Promise<[Socket, Socket]> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const near = connectTcp((server.address() as AddressInfo).port, '127.0.0.1');
  const [far] = (await once(server, 'connection')) as [Socket];
  server.close();
  return [near, far];
}

/** A link and the bare socket at its other end. */
async function linkAndSocket(): Promise<[SocketLink, Socket, Socket]> {
  const [near, far] = await sockets();
  return [new SocketLink(near, 'far', silentLog), far, near];
}

describeLinks('over a socket', async () => {
  const [near, far] = await sockets();
  return [new SocketLink(near, 'far', silentLog), new SocketLink(far, 'near', silentLog)];
});

describe('a socket link', () => {
  it('writes the messages of a tick in one frame, in that tick', async () => {
    const [link, far, socket] = await linkAndSocket();
    const write = vi.spyOn(socket, 'write');
    link.send({ a: 1 });
    link.send({ a: 2 });
    expect(write).not.toHaveBeenCalled();
    await Promise.resolve();
    expect(write).toHaveBeenCalledTimes(1);
    link.send({ a: 3 });
    await Promise.resolve();
    expect(write).toHaveBeenCalledTimes(2);
    link.destroy();
    far.destroy();
  });

  it('tells that it takes more where what has waited in it was taken at once', async () => {
    const all = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
    const link = new SocketLink(all, 'far', silentLog);
    const drained = once(all, 'drain').then(() => 'the stream');
    const told = new Promise((resolve) => link.once('drain', () => resolve('the link')));
    link.send({ chunk: Buffer.alloc(1_000_000) });
    expect(link.buffered).toBeGreaterThan(1_000_000);
    expect(await Promise.race([drained, told])).toBe('the link');
    expect(link.buffered).toBe(0);
    link.destroy();
  });

  it('goes on when somebody gives memory away that waits to be written', async () => {
    const [link, far, socket] = await linkAndSocket();
    link.send({ data: Buffer.alloc(10_000_000) });
    expect(socket.writableLength).toBeGreaterThan(0);
    const given = Uint8Array.from({ length: 100_000 }, (_, i) => i);
    const expected = Buffer.from(given);
    link.send({ data: new Pieces([given]) });
    link.send({ type: 'after it' });
    structuredClone(given, { transfer: [given.buffer] });
    const there = watch(new SocketLink(far, 'near', silentLog));
    await vi.waitFor(() => expect(there.messages).toHaveLength(3), { timeout: 10_000 });
    expect(expected.equals((there.messages[1] as { data: Buffer }).data)).toBe(true);
    expect(there.messages[2]).toEqual({ type: 'after it' });
    link.destroy();
    far.destroy();
  });

  it('says so when the other side breaks off within a message', async () => {
    const [link, far] = await linkAndSocket();
    const here = watch(link);
    far.end(Buffer.from([0, 0, 1]));
    expect(await here.closed()).toMatchObject({ code: 'CONNECTION_LOST', subject: 'far' });
  });

  it('says so when the other side is torn down', async () => {
    const [link, far] = await linkAndSocket();
    const here = watch(link);
    far.resetAndDestroy();
    expect(await here.closed()).toMatchObject({ code: 'CONNECTION_LOST', transient: true });
  });

  it('ends with a clear error at what is no frame', async () => {
    const [link, far] = await linkAndSocket();
    const here = watch(link);
    far.on('error', () => {});
    far.write('GET / HTTP/1.1\r\n\r\n');
    expect(await here.closed()).toMatchObject({ code: 'PROTOCOL_MISMATCH' });
    expect(here.messages).toEqual([]);
  });

  it('answers a half-closed connection by closing', async () => {
    const [link, far] = await linkAndSocket();
    const here = watch(link);
    far.end();
    expect(await here.closed()).toBeUndefined();
    link.send({ late: 1 });
  });

  it('gives up closing when the other side takes nothing more', async () => {
    const [link, far, socket] = await linkAndSocket();
    const here = watch(link);
    link.send({ chunk: new Uint8Array(10_000_000) });
    link.close();
    socket.emit('timeout');
    expect(await here.closed()).toMatchObject({ code: 'CONNECTION_LOST' });
    far.destroy();
  });

  it('logs what it drops', async () => {
    const [near, far] = await sockets();
    const debug = vi.fn();
    const link = new SocketLink(near, 'far', { ...silentLog, debug });
    link.close();
    link.send({ late: 1 });
    expect(debug).toHaveBeenCalledExactlyOnceWith({ peer: 'far' }, expect.any(String));
    far.destroy();
  });
});
