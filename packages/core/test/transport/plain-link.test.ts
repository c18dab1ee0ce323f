import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLog } from '../../src/runtime/log.ts';
import { randomSecret } from '../../src/runtime/random.ts';
import type { Link } from '../../src/transport/link.ts';
import { dialPlain, type PlainDialOptions } from '../../src/transport/plain-link.ts';
import { type Listener, listenTls } from '../../src/transport/tls-listener.ts';
import { describeLinks } from './link-suite.ts';

const key = randomSecret(32);
let directory: string;
let path: string;
let listener: Listener;
let server: Server;
let take: (socket: Socket) => void;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pstar-plain-'));
  path = join(directory, 'socket');
  const keyFor = (identity: string) => (identity === 'pilot-1' ? key : undefined);
  listener = await listenTls({ keyFor, log: silentLog });
  take = (socket) => listener.admit(socket, 'somebody');
  server = createServer((socket) => take(socket)).listen(path);
  await once(server, 'listening');
});
afterEach(async () => {
  listener.close();
  server.close();
  await rm(directory, { recursive: true });
});

function dial(options: Partial<PlainDialOptions> = {}): Promise<Link> {
  return dialPlain({ path, identity: 'pilot-1', key, timeoutMs: 20_000, ...options });
}

/** The same connection, without what only sockets can do. */
function noSocket(socket: Socket): Duplex {
  const stream = new Duplex({
    read: () => void socket.resume(),
    write: (chunk, _, done) => void socket.write(chunk, done),
    final: (done) => void socket.end(done),
    destroy: (error, done) => {
      socket.destroy();
      done(error);
    },
  });
  socket.on('data', (chunk) => {
    if (!stream.push(chunk)) socket.pause();
  });
  socket.on('end', () => stream.push(null));
  socket.on('error', (error) => stream.destroy(error));
  socket.on('close', () => stream.destroy());
  return stream;
}

async function connect(): Promise<[Link, Link]> {
  const arrived = new Promise<Link>((resolve) => listener.once('link', resolve));
  return Promise.all([dial(), arrived]);
}

describeLinks('that is not encrypted', connect);

describeLinks('over a stream that is no socket', () => {
  take = (socket) => listener.admit(noSocket(socket), 'stream');
  return connect();
});

describe('a link that is not encrypted', () => {
  it('says who has come', async () => {
    const arrived = new Promise((resolve) => listener.once('link', (_, who) => resolve(who)));
    const link = await dial();
    expect(await arrived).toBe('pilot-1');
    link.destroy();
  });

  it('is not had with a wrong key, nor by somebody unknown', async () => {
    let came = 0;
    listener.on('link', () => {
      came += 1;
    });
    const lost = { code: 'CONNECTION_LOST', subject: path };
    await expect(dial({ key: randomSecret(32) })).rejects.toMatchObject(lost);
    await expect(dial({ key: key.subarray(1) })).rejects.toMatchObject(lost);
    await expect(dial({ identity: 'pilot-2' })).rejects.toMatchObject(lost);
    expect(came).toBe(0);
  });

  it('is not had where nobody listens, nor where nobody answers', async () => {
    await expect(dial({ path: `${path}-none` })).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    take = () => {};
    await expect(dial({ timeoutMs: 20 })).rejects.toMatchObject({
      problem: 'no link within 20 ms',
    });
    take = (socket) => socket.end();
    await expect(dial()).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
  });
});
