import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SyncPace } from '../../src/journal/sync-pace.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { contents, hookedDisk, open, systemError, temporaryDirectory } from './support.ts';

/** What came until now is looked at before. */
const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('the pace of syncs', () => {
  it('holds the loop up for few bytes, on a disk that was quick eight times', async () => {
    const pace = new SyncPace();
    for (let i = 0; i < 8; i++) {
      expect(pace.mayBlock(100)).toBe(false);
      pace.took(100, 0.3);
    }
    expect(pace.mayBlock(100_000)).toBe(false);
    expect(pace.mayBlock(100)).toBe(true);
    expect(pace.mayBlock(100)).toBe(false);
    await nextTurn();
    pace.took(100_000, 0.9);
    expect(pace.mayBlock(100)).toBe(true);
    await nextTurn();
    pace.took(100, 20);
    expect(pace.mayBlock(100)).toBe(false);
  });

  it('learns nothing from large ones but that the disk is slow', () => {
    const pace = new SyncPace();
    for (let i = 0; i < 20; i++) pace.took(100_000, 0.3);
    expect(pace.mayBlock(100)).toBe(false);
  });
});

describe('a commit of few bytes on a quick disk', () => {
  /** Every sync takes no time, by the clock. */
  async function onQuickDisk(fail: (operation: string) => void = () => {}) {
    const directory = join(temporaryDirectory(), 'journal');
    const syncs: string[] = [];
    const disk = hookedDisk((operation) => {
      if (operation === 'sync' || operation === 'syncNow') syncs.push(operation);
      fail(operation);
    });
    const clock = { ...systemClock, monotonic: () => 0 };
    const { journal } = await open(directory, { disk, clock });
    syncs.length = 0;
    return { directory, journal, syncs };
  }

  it('is on disk before anything else happens', async () => {
    const { directory, journal, syncs } = await onQuickDisk();
    for (let i = 1; i <= 10; i++) {
      journal.append([i]);
      await journal.commit();
      await nextTurn();
    }
    expect(syncs).toEqual([...Array.from({ length: 8 }, () => 'sync'), 'syncNow', 'syncNow']);
    journal.append(['x'.repeat(5_000)]);
    await journal.commit();
    expect(syncs.at(-1)).toBe('sync');
    await journal.close();
    expect((await contents(directory)).records.flat()).toHaveLength(11);
  });

  it('lets others have a turn, however soon the next one comes', async () => {
    const { journal, syncs } = await onQuickDisk();
    let hadTurn = false;
    let commits = 0;
    for (; !hadTurn && commits < 100; commits++) {
      journal.append([commits]);
      await journal.commit();
      if (commits === 8) setImmediate(() => (hadTurn = true));
    }
    expect(hadTurn).toBe(true);
    expect(syncs).toContain('syncNow');
    await journal.close();
  });

  it('fails the journal when the disk does', async () => {
    let broken = false;
    const { journal } = await onQuickDisk((operation) => {
      if (broken && operation === 'syncNow') throw systemError('EIO');
    });
    for (let i = 1; i <= 9; i++) {
      journal.append([i]);
      await journal.commit();
    }
    await nextTurn();
    broken = true;
    journal.append([10]);
    await expect(journal.commit()).rejects.toMatchObject({ code: 'STORE_UNWRITABLE' });
    await expect(journal.close()).rejects.toMatchObject({ code: 'STORE_UNWRITABLE' });
  });
});
