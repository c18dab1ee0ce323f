import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { Journal } from '../../src/journal/journal.ts';
import { decodeFrameHeader, FILE_HEADER_BYTES } from '../../src/journal/record-format.ts';
import {
  contents,
  copyJournal,
  FragileDisk,
  fileOf,
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

/** Where the frames of a file begin, and where the last one ends. */
function framesOf(bytes: Uint8Array): number[] {
  const offsets = [FILE_HEADER_BYTES];
  for (let offset = FILE_HEADER_BYTES; ; ) {
    const frame = decodeFrameHeader(bytes.subarray(offset));
    if (!frame) return offsets;
    offset += 20 + frame.length;
    offsets.push(offset);
  }
}

/** A journal of several segments, as a crash leaves it before the old ones are deleted. */
async function longJournal(frames: number, moveOnAfter: number): Promise<string> {
  const directory = temporaryDirectory(MEMORY);
  const disk = hookedDisk((operation, path) => {
    if (operation === 'rename' && path.includes('snapshot')) throw new Error('no snapshot today');
  });
  const { journal } = await open(directory, { disk });
  for (let number = 0; number < frames; number++) {
    journal.append([{ number, filling: 'x'.repeat(number % 13) }]);
    await journal.commit();
    if (number === moveOnAfter) await expect(journal.snapshot([{}])).rejects.toThrow('no snapshot');
  }
  await journal.close();
  return directory;
}

function segmentsOf(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => /^segment-\d+$/.test(name))
    .sort()
    .map((name) => join(directory, name));
}

/** A small journal with a snapshot, a log of two segments, and some room at its end. */
async function smallJournal(): Promise<string> {
  const directory = temporaryDirectory(MEMORY);
  const { journal } = await open(directory);
  journal.append([{ number: 0 }]);
  await journal.snapshot([{ count: 1 }, 'second part']);
  for (const number of [1, 2, 3]) {
    journal.append([{ number, column: Uint16Array.of(number) }]);
    await journal.commit();
  }
  await journal.close();
  const path = fileOf(directory, 'segment');
  truncateSync(path, Number(framesOf(readFileSync(path)).at(-1)) + 40);
  return directory;
}

describe('a damaged journal', () => {
  it('never leads to another state silently, whichever byte is turned', async () => {
    const directory = await smallJournal();
    const whole = await contents(directory);
    expect(whole.records).toHaveLength(3);
    // What an opening leaves: the same, with room ahead.
    const names = readdirSync(directory);
    const original = await smallJournal();
    const copy = temporaryDirectory(MEMORY);
    const found = { cut: 0, same: 0, refused: 0 };
    for (const name of names) {
      const bytes = readFileSync(join(original, name));
      for (let at = 0; at < bytes.length; at++) {
        for (const other of names) cpSync(join(original, other), join(copy, other));
        const turned = Buffer.from(bytes);
        turned[at] = Number(turned[at]) ^ 0xff;
        writeFileSync(join(copy, name), turned);
        const outcome = await contents(copy).catch((error) => error);
        if (outcome instanceof Error) {
          expect(outcome).toMatchObject({
            code: expect.stringMatching(/^JOURNAL_/),
            subject: join(copy, name),
            problem: expect.stringMatching(at < 8 ? /no journal of pstar/ : /at byte \d+$/),
          });
          found.refused++;
          continue;
        }
        expect(name).toContain('segment');
        expect(outcome.notice).toMatch(/^a crash left \d+ bytes unfinished/);
        expect(outcome.snapshot).toEqual(whole.snapshot);
        const { length } = outcome.records;
        expect(outcome.records).toEqual(whole.records.slice(0, length));
        expect(length).toBeGreaterThanOrEqual(2);
        found[length === 3 ? 'same' : 'cut']++;
      }
    }
    // In the room ahead; in the last frame; before it.
    expect(found.same).toBe(40);
    expect(found.cut).toBeGreaterThan(40);
    expect(found.refused).toBeGreaterThan(200);
  });

  it('loses only the last frame when that is cut anywhere, with zeros behind the cut or nothing', async () => {
    const directory = await longJournal(6, 2);
    const path = String(segmentsOf(directory).at(-1));
    const whole = readFileSync(path);
    const [start, end] = framesOf(whole).slice(-2) as [number, number];
    for (let cut = start; cut <= end; cut++) {
      const zeros = Buffer.alloc(cut % 2 === 0 ? 5000 : 0);
      writeFileSync(path, Buffer.concat([whole.subarray(0, cut), zeros]));
      const { records, notice } = await contents(directory);
      expect(records).toHaveLength(cut === end ? 6 : 5);
      expect(notice !== undefined).toBe(cut > start && cut < end);
    }
  });

  it('is refused, naming the file, with any bit turned before the last frame', async () => {
    const directory = await longJournal(6, 2);
    const paths = segmentsOf(directory);
    expect(paths).toHaveLength(2);
    const before = paths.map((path, index) => {
      const offsets = framesOf(readFileSync(path));
      return Number(offsets.at(index === 0 ? -1 : -2));
    });
    const place = fc.nat(paths.length - 1).chain((index) =>
      fc.record({
        index: fc.constant(index),
        at: fc.nat(Number(before[index]) - 1),
        bit: fc.nat(7),
      }),
    );
    await fc.assert(
      fc.asyncProperty(place, async ({ index, at, bit }) => {
        const path = String(paths[index]);
        const bytes = readFileSync(path);
        bytes[at] = Number(bytes[at]) ^ (1 << bit);
        writeFileSync(path, bytes);
        const code = at < 8 ? 'JOURNAL_VERSION' : 'JOURNAL_DAMAGED';
        await expect(open(directory)).rejects.toMatchObject({ code, subject: path });
        bytes[at] = Number(bytes[at]) ^ (1 << bit);
        writeFileSync(path, bytes);
      }),
      { numRuns: 200 },
    );
    expect((await contents(directory)).records).toHaveLength(6);
  });

  it('is refused with zeros in the middle, which are no end', async () => {
    const directory = await longJournal(6, 99);
    const path = String(segmentsOf(directory)[0]);
    const bytes = readFileSync(path);
    const [, start, end] = framesOf(bytes);
    bytes.fill(0, start, end);
    writeFileSync(path, bytes);
    await expect(open(directory)).rejects.toMatchObject({
      code: 'JOURNAL_DAMAGED',
      subject: path,
      problem: expect.stringContaining(`byte ${start}`),
    });
  });

  it('is refused when a segment is missing', async () => {
    for (const index of [0, 1]) {
      const directory = await longJournal(6, 2);
      const path = String(segmentsOf(directory)[index]);
      // Without the last, nothing tells that it was ever there.
      if (index === 1) cpSync(path, path.replace(/2$/, '3'));
      rmSync(path);
      await expect(open(directory)).rejects.toMatchObject({
        code: 'JOURNAL_DAMAGED',
        subject: path,
      });
    }
  });

  it('falls back on what a damaged snapshot was to replace, while that is there', async () => {
    const directory = temporaryDirectory(MEMORY);
    const disk = hookedDisk((operation) => {
      if (operation === 'remove') throw new Error('not deleted');
    });
    const { journal } = await open(directory, { disk });
    for (const word of ['a', 'b']) {
      journal.append([word]);
      await journal.snapshot([`until ${word}`]);
    }
    journal.append(['c']);
    await journal.close();
    const [first, second] = readdirSync(directory)
      .filter((name) => name.startsWith('snapshot'))
      .map((name) => join(directory, name)) as [string, string];
    const copy = temporaryDirectory(MEMORY);
    const damage = (path: string) => {
      const bytes = readFileSync(path);
      bytes[FILE_HEADER_BYTES + 21] = 0;
      writeFileSync(path, bytes);
    };
    cpSync(directory, copy, { recursive: true });
    expect(await contents(copy)).toMatchObject({ snapshot: ['until b'], records: ['c'] });
    damage(second);
    cpSync(directory, copy, { recursive: true });
    // The opening before has deleted what it had replaced; this is a fresh copy of all.
    expect(await contents(copy)).toMatchObject({ snapshot: ['until a'], records: ['b', 'c'] });
    damage(first);
    expect(await contents(directory)).toMatchObject({ records: ['a', 'b', 'c'] });

    rmSync(String(segmentsOf(directory)[0]));
    await expect(open(directory)).rejects.toMatchObject({
      code: 'JOURNAL_DAMAGED',
      subject: second,
    });
  });
});
