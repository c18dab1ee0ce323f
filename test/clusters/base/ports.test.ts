import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { claimPorts } from './ports.ts';

let parent: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'pstar-ports-'));
});
afterEach(() => rm(parent, { recursive: true }));

async function cluster(name: string): Promise<string> {
  await mkdir(join(parent, name));
  return join(parent, name);
}

it('are a cluster’s as long as its directory is there, whether or not its program is', async () => {
  const first = await claimPorts(await cluster('first'));
  first.release();
  const second = await claimPorts(await cluster('second'));
  second.release();
  expect(second.ports).not.toContain(first.ports[0]);
  await rm(join(parent, 'first'), { recursive: true });
  const third = await claimPorts(await cluster('third'));
  third.release();
  expect(third.ports).not.toContain(second.ports[0]);
});

it('are none that something listens on, on whatever address of this machine', async () => {
  const free = await claimPorts(await cluster('first'));
  free.release();
  await rm(join(parent, 'first'), { recursive: true });
  const daemon = createServer();
  await new Promise<void>((done) => daemon.listen(free.ports[3], '127.1.0.7', done));
  try {
    const next = await claimPorts(await cluster('second'));
    next.release();
    expect(next.ports).not.toContain(free.ports[3]);
  } finally {
    daemon.close();
  }
});
