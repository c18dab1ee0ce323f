/** The socket for agents of this machine: where it is, how long its name may be, and that it goes. */
import fs from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { silentLog } from '../../src/runtime/log.ts';
import { randomSecret } from '../../src/runtime/random.ts';
import { dialPlain } from '../../src/transport/plain-link.ts';
import { listenPlain, type PlainListener } from '../../src/transport/plain-listener.ts';
import { type Listener, listenTls } from '../../src/transport/tls-listener.ts';

const key = randomSecret(32);
let directory: string;
let listener: Listener;
const open: PlainListener[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pstar-near-'));
  const keyFor = (identity: string) => (identity === 'pilot-1' ? key : undefined);
  listener = await listenTls({ keyFor, log: silentLog });
});
afterEach(async () => {
  for (const each of open.splice(0)) each.close();
  listener.close();
  await rm(directory, { recursive: true });
});

async function listen(path: string): Promise<PlainListener | undefined> {
  const near = await listenPlain(path, (...who) => listener.admit(...who), silentLog);
  if (near !== undefined) open.push(near);
  return near;
}

const dial = (path: string) =>
  dialPlain({ path, identity: 'pilot-1', key, timeoutMs: 20_000, log: silentLog });

it.each([
  ['short', 'agents.sock'],
  ['longer than the system takes', join('d'.repeat(200), 'e'.repeat(200), 'agents.sock')],
])('is there under a name that is %s, and gone when it is closed', async (_, name) => {
  const path = join(directory, name);
  await mkdir(join(path, '..'), { recursive: true });
  const near = await listen(path);
  const came = new Promise((resolve) => {
    listener.once('link', (link) => {
      link.once('message', resolve);
    });
  });
  const link = await dial(path);
  link.send({ type: 'hello' });
  expect(await came).toEqual({ type: 'hello' });
  expect(near?.path).toBe(path);
  expect((await stat(path)).isSocket()).toBe(true);
  near?.close();
  await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
  await expect(dial(path)).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
  link.close();
});

it('takes the place of what a killed process has left', async () => {
  const path = join(directory, 'agents.sock');
  await writeFile(path, 'left behind');
  expect(await listen(path)).toBeDefined();
  (await dial(path)).close();
});

it('lets nobody in without the key', async () => {
  const path = join(directory, 'agents.sock');
  await listen(path);
  const wrong = { path, identity: 'pilot-1', key: randomSecret(32), timeoutMs: 20_000 };
  await expect(dialPlain(wrong)).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
});

it('is none where there can be none', async () => {
  expect(await listen(join(directory, 'nowhere', 'agents.sock'))).toBeUndefined();
  expect(await listen(join(directory, 'n'.repeat(150), 'agents.sock'))).toBeUndefined();
  await mkdir(join(directory, 'taken.sock'));
  expect(await listen(join(directory, 'taken.sock'))).toBeUndefined();
});

it('is none where its mode cannot be set', async () => {
  const path = join(directory, 'agents.sock');
  const refused = vi.spyOn(fs, 'chmodSync').mockImplementation(() => {
    throw new Error('not permitted');
  });
  syncBuiltinESMExports();
  expect(await listen(path)).toBeUndefined();
  refused.mockRestore();
  syncBuiltinESMExports();
  await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
});

it('can be dialed by its user alone', async () => {
  await chmod(directory, 0o755);
  const path = join(directory, 'agents.sock');
  await listen(path);
  // Who may connect is who may write to it.
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  const socket = connect(path);
  await new Promise((resolve) => socket.once('connect', resolve));
  socket.destroy();
});
