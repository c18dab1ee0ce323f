import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/runtime/clock.ts';
import { lockDirectory } from '../../src/runtime/directory-lock.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pstar-lock-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const lock = () => lockDirectory(directory, systemClock);

/** Leaves a lock as another process would have, and says what differs from ours. */
async function lockOf(number: number, changes: object): Promise<void> {
  const own = await lock();
  const [name] = (await readdir(directory)).filter((file) => file.startsWith('lock.'));
  const holder = JSON.parse(await readFile(join(directory, String(name)), 'utf8'));
  await own.release();
  const text = JSON.stringify({ ...holder, ...changes });
  await writeFile(join(directory, `lock.${number}`), text);
}

async function deadPid(): Promise<number> {
  const child = spawn('/bin/true');
  await once(child, 'exit');
  return Number(child.pid);
}

describe('lockDirectory', () => {
  it('refuses a second holder and names the first, until it lets go', async () => {
    const first = await lock();
    await expect(lock()).rejects.toMatchObject({
      code: 'STORE_LOCKED',
      subject: directory,
      problem: expect.stringMatching(
        new RegExp(`process ${process.pid} on ${hostname()} since 20\\d\\d-.*Z: this one$`),
      ),
      hint: 'close it here first',
    });
    await first.release();
    await first.release();
    await (await lock()).release();
    expect(await readdir(directory)).toEqual([]);
  });

  it('takes over from a process that is dead', async () => {
    await lockOf(7, { pid: await deadPid() });
    await lock();
    expect(await readdir(directory)).toEqual(['lock.8']);
  });

  it('takes over when the pid now belongs to another process', async () => {
    await lockOf(1, { start: '1' });
    await expect(lock()).resolves.toBeDefined();
  });

  it('takes over what was held before the machine restarted', async () => {
    await lockOf(1, { boot: 'another boot' });
    await expect(lock()).resolves.toBeDefined();
  });

  it('takes over a lock that a crash left empty', async () => {
    await writeFile(join(directory, 'lock.3'), '');
    await expect(lock()).resolves.toBeDefined();
  });

  it('believes a holder on another machine to be alive', async () => {
    await lockOf(1, { host: 'elsewhere', boot: 'another boot', pid: await deadPid() });
    await expect(lock()).rejects.toMatchObject({ code: 'STORE_LOCKED' });
  });

  it('believes a holder in another container of this machine to be alive', async () => {
    await lockOf(1, { host: 'elsewhere', namespace: 'pid:[1]', pid: await deadPid() });
    await expect(lock()).rejects.toMatchObject({ code: 'STORE_LOCKED' });
  });

  it('takes over from a container of the same name, which has been started again', async () => {
    await lockOf(1, { namespace: 'pid:[1]', pid: await deadPid() });
    await expect(lock()).resolves.toBeDefined();
  });

  it('lets one of many win over a dead holder', async () => {
    await lockOf(1, { pid: await deadPid() });
    const attempts = await Promise.allSettled(Array.from({ length: 20 }, lock));
    expect(attempts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const attempt of attempts) {
      if (attempt.status === 'rejected') expect(attempt.reason.code).toBe('STORE_LOCKED');
    }
  });
});
