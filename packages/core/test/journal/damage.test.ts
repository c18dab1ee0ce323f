import { cpSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { decodeFrameHeader, FILE_HEADER_BYTES } from '../../src/journal/record-format.ts';
import { contents, fileOf, hookedDisk, MEMORY, open, temporaryDirectory } from './support.ts';

// Many crashes take their time on a machine that others use as well.
vi.setConfig({ testTimeout: 120_000 });

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
