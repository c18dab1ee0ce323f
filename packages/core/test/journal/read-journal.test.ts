import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readJournal } from '../../src/journal/read-journal.ts';
import { FILE_HEADER_BYTES } from '../../src/journal/record-format.ts';
import { fileOf, open, temporaryDirectory } from './support.ts';

describe('readJournal', () => {
  it.each([
    ['/nonexistent', "there is no journal '/nonexistent' (path); name a service's directory"],
    [5, 'there is no journal 5 (path)'],
  ])('refuses %j, where there is none', (path, message) => {
    const problem = { code: 'NOT_FOUND', message: expect.stringContaining(message) };
    expect(() => [...readJournal(path as string)]).toThrow(expect.objectContaining(problem));
  });

  it('yields the snapshot, then every record, with its place, while the journal is in use', async () => {
    const directory = temporaryDirectory();
    const { journal } = await open(directory);
    journal.append(['before']);
    await journal.snapshot([{ total: 1 }]);
    journal.append([{ a: 1 }, { a: 2 }]);
    await journal.commit();
    journal.append([{ a: 3 }]);
    await journal.commit();

    const snapshot = fileOf(directory, 'snapshot');
    const segment = fileOf(directory, 'segment');
    const found = [...readJournal(directory)];
    expect(found.map(({ file, record }) => [file, record])).toEqual([
      [snapshot, { total: 1 }],
      [segment, { a: 1 }],
      [segment, { a: 2 }],
      [segment, { a: 3 }],
    ]);
    const offsets = found.map(({ offset }) => offset);
    expect(offsets.slice(0, 3)).toEqual([FILE_HEADER_BYTES, FILE_HEADER_BYTES, FILE_HEADER_BYTES]);
    expect(offsets[3]).toBeGreaterThan(FILE_HEADER_BYTES);

    expect([...readJournal(snapshot)]).toEqual(found.slice(0, 1));
    expect([...readJournal(segment)]).toEqual(found.slice(1));
    await journal.close();
  });

  it('takes the directory of a service, and shows columns as arrays', async () => {
    const service = temporaryDirectory();
    mkdirSync(join(service, 'journal'));
    const { journal } = await open(join(service, 'journal'));
    journal.append([{ units: Uint32Array.of(3, 4), rows: [{ at: Float64Array.of(0.5) }] }]);
    await journal.commit();
    const [found] = readJournal(service);
    expect(JSON.stringify(found?.record)).toBe('{"units":[3,4],"rows":[{"at":[0.5]}]}');
    await journal.close();
  });

  it('yields what comes before the damage, then says where it is', async () => {
    const directory = temporaryDirectory();
    const { journal } = await open(directory);
    for (const word of ['first', 'second', 'third']) {
      journal.append([word]);
      await journal.commit();
    }
    await journal.close();
    const path = fileOf(directory, 'segment');
    const bytes = readFileSync(path);
    const at = bytes.indexOf('second');
    bytes[at] = 0;
    writeFileSync(path, bytes);

    const seen: unknown[] = [];
    expect(() => {
      for (const { record } of readJournal(directory)) seen.push(record);
    }).toThrow(expect.objectContaining({ code: 'JOURNAL_DAMAGED', subject: path }));
    expect(seen).toEqual(['first']);
  });
});
