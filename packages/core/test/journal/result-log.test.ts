import {
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { Disk } from '../../src/journal/disk.ts';
import { openResultLog, type ResultLog } from '../../src/journal/result-log.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { decodeValue, encodeValue } from '../../src/runtime/values.ts';
import {
  copyJournal,
  FragileDisk,
  hookedDisk,
  MEMORY,
  systemError,
  temporaryDirectory,
} from './support.ts';

vi.setConfig({ testTimeout: 120_000 });

const open = (directory: string, disk?: Disk) =>
  openResultLog({ directory, log: silentLog, ...(disk && { disk }) });

/** What call `index` gives here: sizes differ, and some fail. */
const madeOf = (index: number) => `${index}`.repeat(1 + (index % 7) ** 4);
const isFailing = (index: number) => index % 11 === 5;

function append(log: ResultLog, first: number, count: number, lives = 1): void {
  const all = Array.from({ length: count }, (_, i) => first + i);
  log.append({
    first,
    count,
    skip: 0,
    values: encodeValue(all.map(madeOf)),
    digests: Float64Array.from(all, (index) => index + 0.5),
    failures:
      lives > 1
        ? []
        : all.filter(isFailing).map((index) => ({ index, reason: { name: `E${index}` } })),
  });
}

/** Opens a log and checks all that is in it; the indexes that are done. */
async function contents(directory: string) {
  const { log, restored, identity, notice } = await open(directory);
  const done: number[] = [];
  const failed: number[] = [];
  for (const span of restored) {
    const results = await log.read(span);
    for (let index = span.first; index < span.first + span.count; index++) {
      done.push(index);
      expect(restored.isSameInput(index, index + 0.5)).toBe(true);
      expect(restored.isSameInput(index, index)).toBe(false);
      if (results.isFailed) {
        failed.push(index);
        expect(results.reason).toEqual({ name: `E${index}` });
      } else {
        const list = decodeValue(results.values) as string[];
        expect(list[results.skip + index - span.first]).toBe(madeOf(index));
      }
    }
  }
  await log.close();
  expect(done).toEqual([...new Set(done)].sort((a, b) => a - b));
  return { done, failed, identity, notice };
}

const range = (first: number, end: number) =>
  Array.from({ length: end - first }, (_, i) => first + i);

describe('a result log', () => {
  it('gives back what was made durable, in order of indexes, with what failed', async () => {
    const directory = temporaryDirectory();
    const { log, identity, restored } = await open(directory);
    expect(identity).toBeUndefined();
    expect([...restored]).toEqual([]);
    log.identify({ code: 'abc' });
    append(log, 100, 30);
    append(log, 0, 10);
    await log.commit();
    append(log, 10, 3);
    await log.close();
    expect(await contents(directory)).toEqual({
      done: [...range(0, 13), ...range(100, 130)],
      failed: [5, 104, 115, 126],
      identity: { code: 'abc' },
      notice: undefined,
    });
    const again = await open(directory);
    expect(again.restored.from(50)).toMatchObject({ first: 100, count: 4, isFailed: false });
    expect(again.restored.from(12)).toMatchObject({ first: 10, count: 3 });
    expect(again.restored.from(130)).toBeUndefined();
    expect(again.restored.isSameInput(50, 50.5)).toBeUndefined();
    await again.log.close();
  });

  it('writes a list once of which several stretches count', async () => {
    const directory = temporaryDirectory();
    const { log } = await open(directory);
    const values = encodeValue(range(0, 5).map((index) => new Uint8Array(100_000).fill(index)));
    for (const [first, count] of [
      [20, 2],
      [23, 2],
    ] as const) {
      const digests = new Float64Array(count);
      log.append({ first, count, skip: first - 20, values, digests, failures: [] });
    }
    await log.close();
    const again = await open(directory);
    const span = again.restored.from(23);
    const results = span && (await again.log.read(span));
    if (!results || results.isFailed) throw new Error('nothing was read');
    const list = decodeValue(results.values) as Uint8Array[];
    expect(list[results.skip]?.[0]).toBe(3);
    await again.log.close();
    expect(statSync(join(directory, 'values-000001')).size).toBeLessThan(600_000);
  });

  it('takes a later life for what had failed, and keeps the rest of that stretch', async () => {
    const directory = temporaryDirectory();
    const first = await open(directory);
    append(first.log, 0, 40);
    await first.log.close();
    const second = await open(directory);
    for (const index of [5, 27]) append(second.log, index, 1, 2);
    second.log.identify('other code');
    await second.log.close();
    expect(await contents(directory)).toMatchObject({
      done: range(0, 40),
      failed: [16, 38],
      identity: 'other code',
    });
  });
});

/** Something that is done to a log; calls are numbered on. */
const steps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: 1, max: 60 }) },
    { weight: 3, arbitrary: fc.constant('commit' as const) },
    { weight: 2, arbitrary: fc.constant('pause' as const) },
  ),
  { minLength: 1, maxLength: 25 },
);

interface Progress {
  appended: number;
  acknowledged: number;
}

async function go(
  log: ResultLog,
  plan: readonly (number | 'commit' | 'pause')[],
  progress: Progress,
) {
  const all: Promise<void>[] = [];
  for (const step of plan) {
    if (typeof step === 'number') {
      append(log, progress.appended, step);
      progress.appended += step;
    } else if (step === 'commit') {
      const now = progress.appended;
      const commit = log.commit().then(() => {
        progress.acknowledged = Math.max(progress.acknowledged, now);
      });
      commit.catch(() => {});
      all.push(commit);
    } else {
      await new Promise(setImmediate);
    }
  }
  await Promise.all(all);
}

/** What a crash has left: from 0 on without gaps; and it can be gone on with. */
async function checkRecovered(
  directory: string,
  { acknowledged, appended }: Progress,
): Promise<void> {
  const { done } = await contents(directory);
  expect(done).toEqual(range(0, done.length));
  expect(done.length).toBeGreaterThanOrEqual(acknowledged);
  expect(done.length).toBeLessThanOrEqual(appended);
  const { log } = await open(directory);
  await go(log, [7, 'commit'], { appended: done.length, acknowledged: 0 });
  await log.close();
  expect((await contents(directory)).done).toHaveLength(done.length + 7);
}

describe('after a crash', () => {
  it('of the process, at any step, all that was acknowledged is there', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (plan) => {
        const parent = temporaryDirectory(MEMORY);
        const directory = join(parent, 'live');
        mkdirSync(directory);
        const progress: Progress = { appended: 0, acknowledged: 0 };
        const crashes: { copy: string; found: Progress }[] = [];
        const disk = hookedDisk((operation) => {
          if (operation === 'close' || crashes.length > 40) return;
          const copy = join(parent, `crash-${crashes.length}`);
          copyJournal(directory, copy);
          crashes.push({ copy, found: { ...progress } });
        });
        const { log } = await open(directory, disk);
        await go(log, plan, progress);
        await log.close();
        for (const { copy, found } of crashes) await checkRecovered(copy, found);
        rmSync(parent, { recursive: true });
      }),
      { numRuns: 4, endOnFailure: true },
    );
  });

  it('of the machine, with any of the unsynced sectors lost, all that was acknowledged is there', async () => {
    const chances = fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true }));
    await fc.assert(
      fc.asyncProperty(steps, fc.nat(80), chances, async (plan, crashAt, chances) => {
        const directory = temporaryDirectory(MEMORY);
        const remains = temporaryDirectory(MEMORY);
        const progress: Progress = { appended: 0, acknowledged: 0 };
        let found: Progress | undefined;
        const fail = () => {
          found ??= { ...progress };
          disk.fail(remains, () => chances.next().value as number);
        };
        let operations = 0;
        const disk = new FragileDisk(() => {
          if (operations++ === crashAt) fail();
        });
        const { log } = await open(directory, disk);
        await go(log, plan, progress);
        if (!found) fail();
        await log.close();
        await checkRecovered(remains, found as unknown as Progress);
        for (const path of [directory, remains]) rmSync(path, { recursive: true });
      }),
      { numRuns: 60, endOnFailure: true },
    );
  });
});

describe('a damaged result log', () => {
  it('is an error that says where, and never another value', async () => {
    const directory = temporaryDirectory(MEMORY);
    const { log } = await open(directory);
    append(log, 0, 3);
    append(log, 3, 3);
    await log.close();
    const path = join(directory, 'values-000001');
    const bytes = readFileSync(path);
    for (let at = 0; at < bytes.length; at += at < 80 ? 1 : 97) {
      const turned = Buffer.from(bytes);
      turned[at] = Number(turned[at]) ^ 0x10;
      writeFileSync(path, turned);
      await expect(contents(directory)).rejects.toMatchObject({
        code: at < 8 ? 'JOURNAL_VERSION' : 'JOURNAL_DAMAGED',
        subject: path,
      });
    }
  });

  it('is refused without the end of its values, or without any', async () => {
    const directory = temporaryDirectory(MEMORY);
    const { log } = await open(directory);
    append(log, 0, 3);
    await log.close();
    const path = join(directory, 'values-000001');
    truncateSync(path, statSync(path).size - 1);
    const damaged = { code: 'JOURNAL_DAMAGED', subject: path };
    await expect(open(directory)).rejects.toMatchObject({
      ...damaged,
      problem: expect.stringMatching(/byte \d+/),
    });
    rmSync(path);
    await expect(open(directory)).rejects.toMatchObject(damaged);
    expect(readdirSync(directory)).toEqual(['segment-000001']);
  });
});

describe('a disk that fails', () => {
  /** A log with one acknowledged call, on a disk that fails at its values once it is told how. */
  async function onFailingDisk() {
    const directory = temporaryDirectory();
    const state = { code: '', waits: 0 };
    const disk = hookedDisk((operation, path) => {
      const isWrite = ['writeNow', 'write', 'sync'].includes(operation);
      if (state.code && isWrite && path.includes('values')) throw systemError(state.code);
    });
    const clock = {
      ...systemClock,
      after: (_: number, call: () => void) => {
        if (++state.waits === 5) state.code = '';
        const immediate = setImmediate(call);
        return { cancel: () => clearImmediate(immediate) };
      },
    };
    const { log } = await openResultLog({ directory, log: silentLog, disk, clock });
    append(log, 0, 1);
    await log.commit();
    return { directory, log, state };
  }

  it('is waited for when it is full', async () => {
    const { directory, log, state } = await onFailingDisk();
    state.code = 'ENOSPC';
    append(log, 1, 20);
    await log.commit();
    expect(state.waits).toBe(5);
    await log.close();
    expect((await contents(directory)).done).toEqual(range(0, 21));
  });

  it('is not waited for when closing', async () => {
    const { directory, log, state } = await onFailingDisk();
    state.code = 'ENOSPC';
    state.waits = 5;
    append(log, 1, 1);
    await expect(log.close()).rejects.toMatchObject({ code: 'STORE_FULL', subject: directory });
    expect((await contents(directory)).done).toEqual([0]);
  });

  it('fails the log for good when it is broken, and keeps what was acknowledged', async () => {
    const { directory, log, state } = await onFailingDisk();
    state.code = 'EIO';
    append(log, 1, 1);
    const failed = { code: 'STORE_UNWRITABLE', subject: directory };
    await expect(log.commit()).rejects.toMatchObject(failed);
    state.code = '';
    append(log, 2, 1);
    await expect(log.commit()).rejects.toMatchObject(failed);
    expect(log.failed).toMatchObject(failed);
    await expect(log.close()).rejects.toMatchObject(failed);
    expect((await contents(directory)).done).toEqual([0]);
  });
});
