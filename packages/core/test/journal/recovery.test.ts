import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { Journal } from '../../src/journal/journal.ts';
import {
  contents,
  copyJournal,
  FragileDisk,
  hookedDisk,
  MEMORY,
  open,
  temporaryDirectory,
} from './support.ts';

// Many crashes take their time on a machine that others use as well.
vi.setConfig({ testTimeout: 120_000 });

/** Something that is done to a journal whose records are 0, 1, 2, … */
type Step =
  | { do: 'append'; records: number; size: number }
  | { do: 'commit' | 'snapshot' | 'pause' | 'reserve' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('append' as const),
      records: fc.integer({ min: 1, max: 5 }),
      size: fc.oneof(fc.nat(40), fc.nat(70_000)),
    }),
  },
  { weight: 4, arbitrary: fc.constant({ do: 'commit' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'snapshot' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'reserve' as const }) },
  { weight: 2, arbitrary: fc.constant({ do: 'pause' as const }) },
);
const steps = fc.array(step, { minLength: 1, maxLength: 25 });

interface Progress {
  appended: number;
  acknowledged: number;
}

async function go(journal: Journal, steps: readonly Step[], progress: Progress): Promise<void> {
  const all: Promise<unknown>[] = [];
  const expectLater = (promise: Promise<unknown>) => {
    // A disk may fail while the next steps are still being taken.
    promise.catch(() => {});
    all.push(promise);
  };
  for (const one of steps) {
    if (one.do === 'append') {
      const filling = new Uint8Array(one.size).fill(7);
      const records = Array.from({ length: one.records }, (_, i) => ({
        number: progress.appended + i,
        filling,
      }));
      journal.append(records);
      progress.appended += one.records;
    } else if (one.do === 'snapshot') {
      expectLater(
        journal.snapshot([{ count: progress.appended, columns: new Uint32Array(10_000) }]),
      );
    } else if (one.do === 'reserve') {
      expectLater(journal.reserve(100_000));
    } else if (one.do === 'commit') {
      const now = progress.appended;
      const acknowledge = () => {
        progress.acknowledged = Math.max(progress.acknowledged, now);
      };
      expectLater(journal.commit().then(acknowledge));
    } else {
      await new Promise(setImmediate);
    }
  }
  await Promise.all(all);
}

/** What a snapshot stands for. */
function countOf(snapshot: Iterable<unknown> | undefined): number {
  const [state] = [...(snapshot ?? [])] as { count: number }[];
  return state?.count ?? 0;
}

/** How many records there are; each must be the next. */
async function countIn(directory: string): Promise<number> {
  const { snapshot, records } = await contents(directory);
  let next = countOf(snapshot);
  for (const record of records as { number: number }[]) expect(record.number).toBe(next++);
  return next;
}

/** A recovered journal takes more, and is whole after that too. */
async function checkRecovered(directory: string, least: number, most: number): Promise<void> {
  const count = await countIn(directory);
  expect(count).toBeGreaterThanOrEqual(least);
  expect(count).toBeLessThanOrEqual(most);
  const { journal } = await open(directory);
  const progress = { appended: count, acknowledged: count };
  await go(journal, [{ do: 'append', records: 3, size: 9 }, { do: 'snapshot' }], progress);
  await go(journal, [{ do: 'append', records: 2, size: 9 }], progress);
  await journal.close();
  expect(await countIn(directory)).toBe(count + 5);
}

describe('after a crash', () => {
  it('of the process, at any step, all that was acknowledged is there', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (plan) => {
        const parent = temporaryDirectory(MEMORY);
        const directory = join(parent, 'live');
        mkdirSync(directory);
        const progress: Progress = { appended: 0, acknowledged: 0 };
        const crashes: { directory: string; least: number; most: number }[] = [];
        const disk = hookedDisk((operation) => {
          if (operation === 'close' || crashes.length > 40) return;
          const copy = join(parent, `crash-${crashes.length}`);
          copyJournal(directory, copy);
          crashes.push({
            directory: copy,
            least: progress.acknowledged,
            most: progress.appended,
          });
        });
        const { journal } = await open(directory, { disk });
        await go(journal, plan, progress);
        await journal.close();
        for (const { directory: copy, least, most } of crashes) {
          await checkRecovered(copy, least, most);
          rmSync(copy, { recursive: true });
        }
        expect(await countIn(directory)).toBe(progress.appended);
        rmSync(parent, { recursive: true });
      }),
      { numRuns: 4, endOnFailure: true },
    );
  });

  it('of the machine, with any of the unsynced sectors lost, all that was acknowledged is there', async () => {
    await fc.assert(
      fc.asyncProperty(
        steps,
        fc.nat(120),
        fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })),
        async (plan, crashAt, chances) => {
          const directory = temporaryDirectory(MEMORY);
          const remains = temporaryDirectory(MEMORY);
          const progress: Progress = { appended: 0, acknowledged: 0 };
          const random = () => chances.next().value as number;
          let operations = 0;
          let least = 0;
          let most = 0;
          const fail = () => {
            least = progress.acknowledged;
            most = progress.appended;
            disk.fail(remains, random);
          };
          const disk = new FragileDisk(() => {
            if (operations++ === crashAt) fail();
          });
          const { journal } = await open(directory, { disk });
          await go(journal, plan, progress);
          if (operations <= crashAt) {
            operations = crashAt + 1;
            fail();
          }
          await journal.close();
          await checkRecovered(remains, least, most);
          for (const path of [directory, remains]) rmSync(path, { recursive: true });
        },
      ),
      { numRuns: 100, endOnFailure: true },
    );
  });

  it('of the process and then of the machine, all that the second opening gave back or took is there', async () => {
    await fc.assert(
      fc.asyncProperty(
        steps,
        fc.nat(35),
        fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })),
        async (plan, killAt, chances) => {
          const directory = temporaryDirectory(MEMORY);
          const remains = temporaryDirectory(MEMORY);
          const progress: Progress = { appended: 0, acknowledged: 0 };
          let left = killAt;
          const disk = new FragileDisk(() => {
            if (left-- <= 0) throw new Error('killed');
          });
          await open(directory, { disk })
            .then(({ journal }) => go(journal, plan, progress).finally(() => journal.close()))
            .catch((error) => expect(error.message).toContain('killed'));

          left = Number.POSITIVE_INFINITY;
          const { journal, snapshot, records } = await open(directory, { disk });
          const seen = countOf(snapshot);
          const count = seen + [...records].length;
          expect(count).toBeGreaterThanOrEqual(progress.acknowledged);
          const more = { appended: count, acknowledged: count };
          await go(journal, [{ do: 'append', records: 2, size: 9 }, { do: 'commit' }], more);
          disk.fail(remains, () => chances.next().value as number);
          await journal.close();
          await checkRecovered(remains, count + 2, count + 2);
          for (const path of [directory, remains]) rmSync(path, { recursive: true });
        },
      ),
      { numRuns: 60, endOnFailure: true },
    );
  });
});
