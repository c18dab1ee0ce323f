import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { FrameReader } from '../../src/journal/frame-reader.ts';
import { FILE_HEADER_BYTES, FORMAT_VERSION } from '../../src/journal/record-format.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { STEP } from '../../src/runtime/turns.ts';
import {
  contents,
  fileOf,
  hookedDisk,
  noise,
  type Operation,
  open,
  temporaryDirectory,
} from './support.ts';

describe('a journal', () => {
  it('gives back what was committed, in order, over several openings', async () => {
    const directory = join(temporaryDirectory(), 'made', 'by us');
    for (let round = 0; round < 3; round++) {
      const { journal, records, notice, snapshot } = await open(directory);
      expect([...records]).toHaveLength(round * 3);
      expect(notice).toBeUndefined();
      expect(snapshot).toBeUndefined();
      journal.append([{ round, i: 0 }]);
      journal.append([]);
      journal.append([{ round, i: 1 }, 'text']);
      await journal.commit();
      await journal.close();
    }
    const { records } = await contents(directory);
    expect(records.slice(3, 7)).toEqual([
      { round: 1, i: 0 },
      { round: 1, i: 1 },
      'text',
      { round: 2, i: 0 },
    ]);
  });

  it('keeps no room on disk once it is closed, and has it again when it is opened', async () => {
    const directory = temporaryDirectory();
    const { journal } = await open(directory);
    const file = fileOf(directory, 'segment');
    await journal.reserve(3_000_000);
    journal.append(['small']);
    await journal.close();
    const { size } = statSync(file);
    expect(size).toBeLessThan(FILE_HEADER_BYTES + 100);
    const { journal: again, records, notice } = await open(directory);
    expect([[...records], notice]).toEqual([['small'], undefined]);
    expect(statSync(file).size).toBeGreaterThan(1_000_000);
    await again.close();
    expect(statSync(file).size).toBe(size);
  });

  it('has what it gives back go through more than once', async () => {
    const directory = temporaryDirectory();
    const { journal } = await open(directory);
    journal.append([1, 2]);
    await journal.close();
    const { records, journal: again } = await open(directory);
    again.append([3]);
    await again.commit();
    expect([...records, ...records]).toEqual([1, 2, 1, 2]);
    await again.close();
  });

  it('encodes at once: what changes afterwards is not in it', async () => {
    const directory = temporaryDirectory();
    const { journal } = await open(directory);
    const record = { columns: new Float64Array([1, 2]), large: new Uint32Array(50_000).fill(3) };
    journal.append([record]);
    record.columns.fill(9);
    record.large.fill(9);
    await journal.close();
    expect((await contents(directory)).records).toEqual([
      { columns: new Float64Array([1, 2]), large: new Uint32Array(50_000).fill(3) },
    ]);
  });

  it('has what was encoded ahead in its order and in the frame that it was appended for', async () => {
    const directory = temporaryDirectory();
    const { journal } = await open(directory);
    const [small, large] = [{ a: 1 }, { b: new Uint32Array(50_000).fill(3) }];
    for (const record of [large, small]) journal.encodeAhead(record);
    journal.append([0, small, 1, large, large, 2]);
    await journal.close();
    const { records } = await contents(directory);
    expect(records).toEqual([0, small, 1, large, large, 2]);
    using reader = new FrameReader(fileOf(directory, 'segment'));
    expect([...reader.frames()]).toHaveLength(1);
  });

  it('keeps its files to ourselves', async () => {
    const directory = temporaryDirectory();
    const { journal } = await open(directory);
    await journal.snapshot([{}]);
    expect(statSync(fileOf(directory, 'segment')).mode & 0o777).toBe(0o600);
    expect(statSync(fileOf(directory, 'snapshot')).mode & 0o777).toBe(0o600);
    await journal.close();
  });

  it('makes durable before it closes, and takes nothing afterwards', async () => {
    const directory = temporaryDirectory();
    const { journal } = await open(directory);
    journal.append(['last']);
    await journal.close();
    await journal.close();
    expect(() => journal.append(['later'])).toThrow('defect');
    await expect(journal.snapshot([{}])).rejects.toThrow('defect');
    expect((await contents(directory)).records).toEqual(['last']);
  });
});

describe('commit()', () => {
  /** A journal and the operations on its segment since it was opened. */
  async function watched() {
    const operations: Operation[] = [];
    const disk = hookedDisk((operation) => operations.push(operation));
    const { journal } = await open(temporaryDirectory(), { disk });
    operations.length = 0;
    return { journal, operations };
  }

  it('has nothing to do when nothing was appended', async () => {
    const { journal, operations } = await watched();
    await journal.commit();
    expect(operations).toEqual([]);
    await journal.close();
  });

  it('makes all of one tick durable in one step, what follows the call included', async () => {
    const { journal, operations } = await watched();
    const commits = Array.from({ length: 1000 }, (_, i) => {
      journal.append([i]);
      return journal.commit();
    });
    journal.append(['after the last call']);
    await Promise.all(commits);
    expect(operations).toEqual(['writeNow', 'sync']);
    await journal.commit();
    expect(operations).toEqual(['writeNow', 'sync']);
    await journal.close();
  });

  it('takes in one second step all that comes while the first is under way', async () => {
    const { journal, operations } = await watched();
    journal.append(['first']);
    const first = journal.commit();
    const others: Promise<void>[] = [];
    await new Promise<void>((resolve) => {
      const add = (left: number): void => {
        if (operations.length === 0) return void setImmediate(add, left);
        journal.append([left]);
        others.push(journal.commit());
        if (left > 0) process.nextTick(add, left - 1);
        else resolve();
      };
      add(50);
    });
    await Promise.all([first, ...others]);
    expect(operations).toEqual(['writeNow', 'sync', 'writeNow', 'sync']);
    await journal.close();
  });

  it('settles in the order of the calls', async () => {
    const { journal } = await watched();
    const order: number[] = [];
    const all: Promise<unknown>[] = [];
    for (let i = 0; i < 200; i++) {
      if (i % 3 > 0) journal.append([i]);
      if (i % 50 === 25) all.push(journal.snapshot([{ i }]));
      all.push(journal.commit().then(() => order.push(i)));
      if (i % 7 === 0) await new Promise(setImmediate);
    }
    await Promise.all(all);
    expect(order).toEqual(Array.from({ length: 200 }, (_, i) => i));
    await journal.close();
  });

  it('keeps room ahead of it, so that a frame never grows the file', async () => {
    const directory = temporaryDirectory();
    const sizes: number[] = [];
    let isOpen = false;
    const disk = hookedDisk((operation) => {
      const isFrame = isOpen && operation === 'writeNow';
      if (isFrame) sizes.push(statSync(fileOf(directory, 'segment')).size);
    });
    const { journal } = await open(directory, { disk });
    isOpen = true;
    const record = noise(50_000);
    let written = FILE_HEADER_BYTES;
    for (let i = 0; i < 300; i++) {
      journal.append([record]);
      await journal.commit();
      written += record.length;
      expect(sizes.at(-1)).toBeGreaterThanOrEqual(written);
    }
    expect(statSync(fileOf(directory, 'segment')).size).toBeLessThan(written + 20e6);
    await journal.close();
  });

  it('takes what is larger than any room ahead', async () => {
    const directory = temporaryDirectory();
    const { journal } = await open(directory);
    const record = new Uint8Array(12_000_000).fill(7);
    journal.append(['before', record, 'after']);
    await journal.commit();
    await journal.close();
    const { records } = await contents(directory);
    expect(records).toHaveLength(3);
    expect(Buffer.compare(records[1] as Uint8Array, record)).toBe(0);
  });
});

describe('openJournal()', () => {
  async function someJournal(): Promise<string> {
    const directory = temporaryDirectory();
    const { journal } = await open(directory);
    journal.append(['something']);
    await journal.close();
    return directory;
  }

  /** How many turns others have while a journal is opened, when each step of that takes long. */
  async function turnsOfOthers(directory: string): Promise<number> {
    let now = 0;
    let turns = 0;
    let isOpen = false;
    const others = (): void => {
      turns++;
      if (!isOpen) setImmediate(others);
    };
    setImmediate(others);
    const clock = { ...systemClock, monotonic: () => (now += 20) };
    const { journal } = await open(directory, { clock });
    isOpen = true;
    await journal.close();
    return turns;
  }

  it('lets others have their turn between frames', async () => {
    const directory = temporaryDirectory();
    const { journal } = await open(directory);
    for (let i = 0; i < 200; i++) {
      journal.append([i]);
      await journal.commit();
    }
    await journal.close();
    expect(await turnsOfOthers(directory)).toBeGreaterThanOrEqual(200);
  });

  it('lets others have their turn within a large frame, and between the parts of a snapshot', async () => {
    const directory = temporaryDirectory();
    const { journal } = await open(directory);
    const parts = Array.from({ length: 20 }, (_, i) => noise(1_000_000 + i));
    for (const part of parts) journal.append([part]);
    await journal.commit();
    await journal.close();
    const again = await open(directory);
    const steps = [...again.inSteps];
    const records = steps.filter((step) => step !== STEP);
    expect(steps.length - records.length).toBeGreaterThanOrEqual(9);
    expect(records.every((record, i) => isDeepStrictEqual(record, parts[i]))).toBe(true);
    expect([...again.records]).toHaveLength(20);
    await again.journal.close();
    expect(await turnsOfOthers(directory)).toBeGreaterThanOrEqual(10);
    const last = await open(directory);
    await last.journal.snapshot(parts);
    await last.journal.close();
    expect(await turnsOfOthers(directory)).toBeGreaterThanOrEqual(20);
    const { snapshot } = await contents(directory);
    expect(snapshot?.every((part, i) => isDeepStrictEqual(part, parts[i]))).toBe(true);
  });

  it('refuses what is no journal', async () => {
    const directory = await someJournal();
    const path = fileOf(directory, 'segment');
    writeFileSync(path, 'a letter to my aunt');
    await expect(open(directory)).rejects.toMatchObject({ code: 'JOURNAL_VERSION', subject: path });
  });

  it("refuses another kind's", async () => {
    const directory = await someJournal();
    await expect(open(directory, { kind: 'other' })).rejects.toMatchObject({
      code: 'JOURNAL_VERSION',
      problem: "a journal of kind 'test', not 'other'",
    });
  });

  it("refuses a newer program's, and leaves it as it is", async () => {
    const directory = await someJournal();
    const path = fileOf(directory, 'segment');
    const bytes = readFileSync(path);
    bytes.writeUInt16LE(FORMAT_VERSION + 1, 8);
    bytes.writeUInt32LE(crc32(bytes.subarray(0, 60)), 60);
    writeFileSync(path, bytes);
    await expect(open(directory)).rejects.toMatchObject({
      code: 'JOURNAL_VERSION',
      subject: path,
      problem: `written in version ${FORMAT_VERSION + 1} of the format; this program reads up to ${FORMAT_VERSION}`,
      hint: expect.stringContaining('newer pstar'),
    });
    expect(Buffer.compare(readFileSync(path), bytes)).toBe(0);
  });

  it('cuts a torn end with a notice, once', async () => {
    const directory = await someJournal();
    const { journal } = await open(directory);
    journal.append(['torn']);
    await journal.close();
    const path = fileOf(directory, 'segment');
    truncateSync(path, readFileSync(path).indexOf('torn') + 2);
    const found = await contents(directory);
    expect(found.records).toEqual(['something']);
    expect(found.notice).toMatch(/^a crash left \d+ bytes unfinished at the end of \//);
    expect((await contents(directory)).notice).toBeUndefined();
  });

  it('does not take the bytes of another frame in a record for a frame', async () => {
    const directory = await someJournal();
    const path = fileOf(directory, 'segment');
    const frame = readFileSync(path).subarray(FILE_HEADER_BYTES, FILE_HEADER_BYTES + 200);
    // A later sequence, as it would be in another journal that has gone on for longer.
    const { journal } = await open(directory);
    const other = temporaryDirectory();
    const longer = await open(other);
    for (let i = 0; i < 5; i++) {
      longer.journal.append([i]);
      await longer.journal.commit();
    }
    await longer.journal.close();
    const foreign = readFileSync(fileOf(other, 'segment')).subarray(FILE_HEADER_BYTES, 400);
    journal.append([frame, foreign, 'end']);
    await journal.close();
    const bytes = readFileSync(path);
    bytes[bytes.indexOf('end')] = 0;
    writeFileSync(path, bytes);
    expect(await contents(directory)).toMatchObject({
      records: ['something'],
      notice: expect.any(String),
    });
  });
});
