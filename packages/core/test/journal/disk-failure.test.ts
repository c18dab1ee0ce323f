import { readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Disk } from '../../src/journal/disk.ts';
import type { Clock } from '../../src/runtime/clock.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import {
  contents,
  type Hook,
  hookedDisk,
  type Operation,
  open,
  systemError,
  temporaryDirectory,
} from './support.ts';

/** Waits in no time, and tells how often. */
function impatientClock(waited: (ms: number) => void): Clock {
  return {
    ...systemClock,
    after: (ms, call) => {
      waited(ms);
      const immediate = setImmediate(call);
      return { cancel: () => clearImmediate(immediate) };
    },
  };
}

/** A journal on a disk that fails once `broken` says how. */
async function onFailingDisk() {
  const directory = join(temporaryDirectory(), 'journal');
  const state: { broken: Hook; waits: number[]; warnings: string[] } = {
    broken: () => {},
    waits: [],
    warnings: [],
  };
  const disk: Disk = hookedDisk((...call) => state.broken(...call));
  const clock = impatientClock((ms) => {
    state.waits.push(ms);
    if (state.waits.length >= 10) state.broken = () => {};
  });
  const log = { ...silentLog, warn: (_: unknown, m?: string) => state.warnings.push(String(m)) };
  const { journal } = await open(directory, { disk, clock, log });
  journal.append(['before']);
  await journal.commit();
  return { directory, journal, state };
}

function failing(code: string, ...operations: Operation[]): Hook {
  return (operation) => {
    if (operations.includes(operation)) throw systemError(code);
  };
}

describe('a full disk', () => {
  it.each(['writeNow', 'sync'] as const)(
    'lets commit() wait until there is room, when %s fails',
    async (operation) => {
      const { directory, journal, state } = await onFailingDisk();
      state.broken = failing('ENOSPC', operation);
      journal.append(['kept']);
      const commit = journal.commit();
      journal.append(['also']);
      await commit;
      await journal.commit();
      expect(state.waits).toHaveLength(10);
      expect(Math.max(...state.waits)).toBe(5000);
      expect(state.warnings).toEqual([
        'the disk is full: nothing becomes durable until there is room again',
      ]);
      expect(journal.failed).toBeUndefined();
      await journal.close();
      expect((await contents(directory)).records).toEqual(['before', 'kept', 'also']);
    },
  );

  it('refuses a reservation, says how much is free, and changes nothing', async () => {
    const { directory, journal, state } = await onFailingDisk();
    state.broken = failing('ENOSPC', 'write');
    await expect(journal.reserve(64 * 1024 * 1024)).rejects.toMatchObject({
      code: 'STORE_FULL',
      subject: directory,
      transient: true,
      problem: expect.stringMatching(/^no room for 6\d(\.\d)? MiB: 4 KiB are free$/),
    });
    await journal.reserve(1000);
    journal.append(['within the room that is there']);
    await journal.commit();
    await journal.close();
    expect((await contents(directory)).records).toHaveLength(2);
  });

  it.each([
    ['of several reservations at once', false],
    ['of a reservation, after a snapshot too', true],
  ])('keeps the room %s', async (_, snapshot) => {
    const { journal, state } = await onFailingDisk();
    await Promise.all([journal.reserve(3_000_000), journal.reserve(3_000_000)]);
    if (snapshot) await journal.snapshot([{}]);
    state.broken = failing('ENOSPC', 'write');
    for (let i = 0; i < 65; i++) {
      journal.append([new Uint8Array(100_000)]);
      await journal.commit();
    }
    expect(state.waits).toEqual([]);
    state.broken = () => {};
    await journal.close();
  });

  it('refuses a snapshot and goes on as before', async () => {
    const { directory, journal, state } = await onFailingDisk();
    const files = readdirSync(directory);
    state.broken = failing('EDQUOT', 'write');
    const snapshot = journal.snapshot([{}]);
    journal.append(['after']);
    await expect(snapshot).rejects.toMatchObject({
      code: 'STORE_FULL',
      problem: expect.stringContaining('within the quota'),
    });
    await journal.commit();
    expect(readdirSync(directory)).toEqual(files);
    state.broken = () => {};
    await journal.snapshot(['now']);
    await journal.close();
    expect(await contents(directory)).toMatchObject({ snapshot: ['now'], records: [] });
  });

  it('is not waited for when closing', async () => {
    const { directory, journal, state } = await onFailingDisk();
    state.broken = failing('ENOSPC', 'writeNow');
    journal.append(['lost']);
    await expect(journal.close()).rejects.toMatchObject({ code: 'STORE_FULL' });
    expect((await contents(directory)).records).toEqual(['before']);
  });

  it('still lets a journal be opened and read', async () => {
    const { directory, journal } = await onFailingDisk();
    await journal.snapshot(['small']);
    await journal.close();
    const disk = hookedDisk(failing('ENOSPC', 'write', 'writeNow'));
    const again = await open(directory, { disk });
    expect([...(again.snapshot ?? [])]).toEqual(['small']);
    await expect(again.journal.reserve(9_000_000)).rejects.toMatchObject({ code: 'STORE_FULL' });
    await again.journal.close();
  });
});

describe('a directory that is deleted while it is in use', () => {
  it.each(['the journal', 'all of the store'])(
    'is noticed, before anything is acknowledged: %s',
    async (what) => {
      const { directory, journal, state } = await onFailingDisk();
      rmSync(what === 'the journal' ? directory : dirname(directory), { recursive: true });
      const problem = {
        code: 'STORE_UNWRITABLE',
        subject: expect.stringContaining('segment-000001'),
        problem: 'the file was deleted while it was in use',
        hint: expect.stringContaining('copy'),
      };
      journal.append(['lost']);
      await expect(journal.commit()).rejects.toMatchObject(problem);
      await expect(journal.reserve(1)).rejects.toMatchObject(problem);
      expect(journal.failed).toMatchObject(problem);
      expect(state.waits).toEqual([]);
      await expect(journal.close()).rejects.toMatchObject(problem);
    },
  );

  it('is noticed when a snapshot is due', async () => {
    const { directory, journal } = await onFailingDisk();
    rmSync(directory, { recursive: true });
    await expect(journal.snapshot([])).rejects.toMatchObject({ code: 'STORE_UNWRITABLE' });
    journal.append(['lost']);
    await expect(journal.commit()).rejects.toMatchObject({ code: 'STORE_UNWRITABLE' });
    await expect(journal.close()).rejects.toMatchObject({ code: 'STORE_UNWRITABLE' });
  });
});

describe('a broken disk', () => {
  it.each(['writeNow', 'sync'] as const)(
    'fails the journal for good when %s fails, and keeps what was acknowledged',
    async (operation) => {
      const { directory, journal, state } = await onFailingDisk();
      state.broken = failing('EIO', operation);
      journal.append(['lost']);
      const failed = { code: 'STORE_UNWRITABLE', subject: directory };
      const [commit, later] = [journal.commit(), journal.snapshot([{}])];
      await expect(commit).rejects.toMatchObject(failed);
      await expect(later).rejects.toMatchObject(failed);

      state.broken = () => {};
      journal.append(['ignored']);
      await expect(journal.commit()).rejects.toBe(journal.failed);
      await expect(journal.reserve(1)).rejects.toBe(journal.failed);
      await expect(journal.snapshot([{}])).rejects.toBe(journal.failed);
      await expect(journal.close()).rejects.toBe(journal.failed);
      expect(state.waits).toEqual([]);
      // The sync may have worked for all we know; a record that was refused is never acknowledged.
      expect((await contents(directory)).records[0]).toBe('before');
    },
  );

  it('costs only the snapshot when that cannot be written', async () => {
    const { directory, journal, state } = await onFailingDisk();
    state.broken = (operation, path) => {
      if (operation === 'sync' && path.includes('snapshot')) throw systemError('EIO');
    };
    await expect(journal.snapshot([{}])).rejects.toMatchObject({ code: 'STORE_UNWRITABLE' });
    expect(journal.failed).toBeUndefined();
    journal.append(['after']);
    await journal.close();
    expect((await contents(directory)).records).toEqual(['before', 'after']);
  });

  it('makes no journal where nothing can be written', async () => {
    const disk = hookedDisk(failing('EROFS', 'create'));
    const directory = temporaryDirectory();
    await expect(open(directory, { disk })).rejects.toMatchObject({
      code: 'STORE_UNWRITABLE',
      subject: directory,
      problem: expect.stringContaining('EROFS'),
    });
  });
});
