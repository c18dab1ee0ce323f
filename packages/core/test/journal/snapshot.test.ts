import { cpSync, statSync, truncateSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { FRAME_HEADER_BYTES } from '../../src/journal/record-format.ts';
import { contents, fileOf, noise, open, temporaryDirectory } from './support.ts';

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
    // By bytes: to compare as many numbers one by one takes toEqual() seconds.
    expect(isDeepStrictEqual([...(again.snapshot ?? [])], parts)).toBe(true);
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
