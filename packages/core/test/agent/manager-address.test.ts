/** By which way an agent comes to its manager. */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { managerDialer } from '../../src/agent/manager-address.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { randomSecret } from '../../src/runtime/random.ts';
import type { Link } from '../../src/transport/link.ts';
import { listenPlain, type PlainListener } from '../../src/transport/plain-listener.ts';
import { type Listener, listenTls } from '../../src/transport/tls-listener.ts';

const key = randomSecret(32);
let directory: string;
let path: string;
let listener: Listener;
let socket: PlainListener | undefined;
let front: Server;
let beforeAddress: () => Promise<void>;
let link: Link | undefined;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pstar-ways-'));
  path = join(directory, 'manager.sock');
  beforeAddress = async () => {};
  listener = await listenTls({ keyFor: () => key, log: silentLog });
  front = createServer(async (near) => {
    await beforeAddress();
    const far = connect(listener.port, '127.0.0.1');
    near.on('error', () => far.destroy()).pipe(far);
    far.on('error', () => near.destroy()).pipe(near);
  });
  front.listen(0, '127.0.0.1');
  await once(front, 'listening');
});
afterEach(async () => {
  link?.close();
  socket?.close();
  listener.close();
  front.close();
  await rm(directory, { recursive: true });
});

async function open(): Promise<void> {
  socket = await listenPlain(path, (...who) => listener.admit(...who), silentLog);
}

async function dial(): Promise<string> {
  const { port } = front.address() as AddressInfo;
  const settings = {
    identity: 'pilot-1',
    key: key.toString('base64'),
    manager: { host: '127.0.0.1', port },
    managerSocket: path,
  };
  link = await managerDialer(settings as never, silentLog)();
  return link.peer;
}

it('is the socket, where there is one', async () => {
  await open();
  expect(await dial()).toBe(path);
});

it('is the address, where there is no socket', async () => {
  expect(await dial()).not.toBe(path);
});

it('is the socket also where it came back before the address did, and after it was dialed', async () => {
  beforeAddress = open;
  expect(await dial()).toBe(path);
});
