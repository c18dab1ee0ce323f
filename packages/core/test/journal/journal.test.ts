import { cpSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { FrameReader } from '../../src/journal/frame-reader.ts';
import {
  FILE_HEADER_BYTES,
  FORMAT_VERSION,
  FRAME_HEADER_BYTES,
} from '../../src/journal/record-format.ts';
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

describe('snapshot()', () => {
  it('stands for what was appended before, and only for that', async () => {
    const directory = temporaryDirectory();
    const { journal } = await open(directory);
    journal.append(['a', 'b']);
    const state = { seen: 2, columns: new Uint32Array([1, 2]) };
    const written = journal.snapshot([state]);
    journal.append(['c']);
    await journal.commit();
    await written;
    journal.append(['d']);
    await journal.close();
    expect(await contents(directory)).toEqual({
      snapshot: [{ seen: 2, columns: new Uint32Array([1, 2]) }],
      records: ['c', 'd'],
      notice: undefined,
    });
    fileOf(directory, 'segment');
    fileOf(directory, 'snapshot');
  });

  it('gives back many parts, small and large, in order', async () => {
    const directory = temporaryDirectory();
    const { journal } = await open(directory);
    const parts = Array.from({ length: 3000 }, (_, i) => {
      return i % 100 === 7
        ? { i, columns: new Uint32Array(60_000).map((_, j) => i * j * j) }
        : { i };
    });
    await journal.snapshot(parts);
    await journal.close();
    expect(journal.snapshotBytes).toBe(statSync(fileOf(directory, 'snapshot')).size);
    const again = await open(directory);
    expect(again.journal.snapshotBytes).toBe(journal.snapshotBytes);
    expect([...(again.snapshot ?? [])]).toEqual(parts);
    expect([...(again.snapshot ?? [])]).toHaveLength(3000);
    await again.journal.close();
  });

  it('encodes each part when its turn comes, so that nobody waits for all of it', async () => {
    const { journal } = await open(temporaryDirectory());
    let encoded = 0;
    let turns = 0;
    const part = () => {
      encoded++;
      return new Uint8Array(600_000);
    };
    const parts = {
      *[Symbol.iterator]() {
        for (let i = 0; i < 20; i++) yield part();
      },
    };
    const written = journal.snapshot(parts);
    expect(encoded).toBe(0);
    for (let before = 0; encoded < 20; before = encoded) {
      await new Promise(setImmediate);
      expect(encoded - before).toBeLessThanOrEqual(2);
      turns++;
    }
    expect(turns).toBeGreaterThan(9);
    await written;
    await journal.close();
  });

  it('without its last part is no snapshot', async () => {
    const directory = temporaryDirectory();
    const { journal } = await open(directory);
    await journal.snapshot([noise(600_000), 'last']);
    await journal.close();
    const path = fileOf(directory, 'snapshot');
    const end = statSync(path).size;
    for (const cut of [1, FRAME_HEADER_BYTES, FRAME_HEADER_BYTES + 3, 200]) {
      const copy = temporaryDirectory();
      cpSync(directory, copy, { recursive: true });
      truncateSync(fileOf(copy, 'snapshot'), end - cut);
      await expect(open(copy)).rejects.toMatchObject({
        code: 'JOURNAL_DAMAGED',
        subject: fileOf(copy, 'snapshot'),
        problem: expect.stringMatching(/at byte \d+$/),
      });
    }
  });

  it('makes the log as short as it says', async () => {
    const directory = temporaryDirectory();
    const { journal } = await open(directory);
    expect(journal.bytesSinceSnapshot).toBe(0);
    journal.append([noise(1000)]);
    const before = journal.bytesSinceSnapshot;
    expect(before).toBeGreaterThan(1000);
    expect(journal.appendsSinceSnapshot).toBe(1);
    const written = journal.snapshot([{}]);
    journal.append([new Uint8Array(10)]);
    await written;
    expect(journal.bytesSinceSnapshot).toBeLessThan(100);
    await journal.close();
    const again = await open(directory);
    expect(again.journal.bytesSinceSnapshot).toBeGreaterThan(10);
    expect(again.journal.bytesSinceSnapshot).toBeLessThan(100);
    expect(again.journal.appendsSinceSnapshot).toBe(1);
    await again.journal.close();
  });

  it('may be called while an earlier one is being written', async () => {
    const directory = temporaryDirectory();
    const { journal } = await open(directory);
    const all = [1, 2, 3].map((i) => {
      journal.append([i]);
      return journal.snapshot([i]);
    });
    journal.append([4]);
    await Promise.all([journal.close(), ...all]);
    expect(await contents(directory)).toMatchObject({ snapshot: [3], records: [4] });
    fileOf(directory, 'segment');
    fileOf(directory, 'snapshot');
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
