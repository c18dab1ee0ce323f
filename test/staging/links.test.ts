/** Files arrive whole and once, whatever becomes of links, agents and the manager's program meanwhile. */
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { WorkUnit } from '@pstar/core';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { CutProxy } from '../chaos/proxy.ts';
import { reached } from '../integration/fixture.ts';
import { homeDirectory, openServices, openStagingWorld } from './fixture.ts';

const PATIENCE = { timeout: 30_000, interval: 5 };
const MEGABYTES = 100;
const script = (line: string) => ({ executable: '/bin/sh', arguments: ['-c', line] });

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** A file that takes a while. */
async function bigFile(home: string): Promise<string> {
  const part = randomBytes(1024 * 1024);
  const path = join(home, 'big');
  for (let i = 0; i < MEGABYTES; i++) {
    part.writeUInt32LE(i);
    await writeFile(path, part, { flag: 'a' });
  }
  return path;
}

/** Resolves when an output is on its way into that directory. */
async function arriving(home: string): Promise<void> {
  await vi.waitFor(async () => {
    const names = await readdir(home);
    expect(names.some((name) => name.startsWith('.pstar'))).toBe(true);
  }, PATIENCE);
}

/** Resolves when a unit says that it is on its way. */
function progressing(unit: WorkUnit, way: 'in' | 'out'): Promise<void> {
  return new Promise((resolve) => {
    unit.progress$.subscribe(({ message }) => {
      if (message.startsWith(`staging ${way}:`)) resolve();
    });
  });
}

/** Brings a large file there and back, with something in between. */
const errand = (big: string, home: string) => ({
  ...script('mv here there'),
  fileTransfer: [`${big} > here`, `${home}/back < there`],
});

describe('files on their way', { timeout: 120_000 }, () => {
  it('arrive when the link is cut, on either way', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'pstar-proxy-'));
    onTestFinished(() => rm(directory, { recursive: true, force: true }));
    const proxy = await CutProxy.open(directory);
    onTestFinished(() => proxy[Symbol.asyncDispose]());
    const { home, work } = await openStagingWorld({
      totalCpuCount: 1,
      agent: { node: proxy.node },
    });
    const big = await bigFile(home);
    const unit = await work.submit(errand(big, home));
    await progressing(unit, 'in');
    proxy.mode = 'cut';
    proxy.mode = 'through';
    await progressing(unit, 'out');
    proxy.mode = 'cut';
    proxy.mode = 'through';
    await unit.finished();
    expect(unit.attempt).toBe(1);
    expect(await hashOf(join(home, 'back'))).toBe(await hashOf(big));
    expect((await readdir(home)).sort()).toEqual(['back', 'big']);
  });

  it('arrive when the manager is closed and opened again meanwhile', async () => {
    const home = await homeDirectory();
    const store = await mkdtemp(join(tmpdir(), 'pstar-test-'));
    onTestFinished(() => rm(store, { recursive: true, force: true }));
    const first = await openServices(store);
    await first.pilots.create('local://', { totalCpuCount: 1 });
    const big = await bigFile(home);
    const unit = await first.work.submit(errand(big, home));
    await progressing(unit, 'in');
    const ids = { pilots: first.pilots.id, work: first.work.id };
    await first.work.close();
    await first.pilots.close();
    const second = await openServices(store, ids);
    await arriving(home);
    await second.work.close();
    await second.pilots.close();
    const third = await openServices(store, ids);
    onTestFinished(async () => {
      await third.work.cancel();
      await third.pilots.cancel();
    });
    await third.work.wait();
    expect(third.work.workUnits.at(0)).toMatchObject({ state: 'Done', attempt: 1 });
    expect(await hashOf(join(home, 'back'))).toBe(await hashOf(big));
    expect((await readdir(home)).sort()).toEqual(['back', 'big']);
  });

  it('arrive from another agent when theirs is killed', async () => {
    const { home, work, pilots, pilot } = await openStagingWorld({ totalCpuCount: 1 });
    const big = await bigFile(home);
    await writeFile(join(home, 'log'), 'before\n');
    const unit = await work.submit({
      ...errand(big, home),
      ...script('mv here there; echo once > log'),
      fileTransfer: [`${big} > here`, `${home}/back < there`, `${home}/log << log`],
    });
    await arriving(home);
    process.kill(Number.parseInt(`${pilot.nativeId}`, 10), 'SIGKILL');
    const next = await pilots.create('local://', { totalCpuCount: 1 });
    await reached(next, 'Running');
    await unit.finished();
    expect(unit.attempt).toBe(2);
    expect(await hashOf(join(home, 'back'))).toBe(await hashOf(big));
    expect(await readFile(join(home, 'log'), 'utf8')).toBe('before\nonce\n');
    expect((await readdir(home)).sort()).toEqual(['back', 'big', 'log']);
  });
});
