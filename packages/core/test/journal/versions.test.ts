/** Journals of other versions than the present: what an upgrade meets, also when it is interrupted. */
import { cpSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Disk } from '../../src/journal/disk.ts';
import { FrameReader } from '../../src/journal/frame-reader.ts';
import type { Lift } from '../../src/journal/lifts.ts';
import { readJournal } from '../../src/journal/read-journal.ts';
import { FORMAT_VERSION } from '../../src/journal/record-format.ts';
import { contents, copyJournal, hookedDisk, MEMORY, open, temporaryDirectory } from './support.ts';

const FIXTURES = fileURLToPath(new URL('../fixtures/', import.meta.url));
const old = [1, 2].flatMap((format) =>
  ['closed/work', 'closed/pilots', 'killed/work', 'killed/pilots'].map((name) => ({
    format,
    name,
  })),
);

/** Steps that leave records as they are, up to the version of those of format 2. */
const AS_WRITTEN: readonly Lift[] = [{}];

/** A copy of a journal that was written in that format, in a directory of that name. */
function copyOf(format: number, name: string): string {
  const directory = join(temporaryDirectory(MEMORY), 'journal');
  cpSync(join(FIXTURES, `v${format}`, name, 'journal'), directory, { recursive: true });
  return directory;
}

/** The kind and what is found there, with the records as they were written. */
async function reading(directory: string, name: string) {
  const kind = name.split('/')[1] as string;
  const { journal, snapshot, records } = await open(directory, { kind, lifts: AS_WRITTEN });
  const all = { parts: snapshot && [...snapshot], records: [...records] };
  return { journal, ...all };
}

function headersIn(directory: string) {
  return readdirSync(directory).map((file) => {
    using reader = new FrameReader(join(directory, file));
    return reader.header;
  });
}

describe.each(old)('the journal of format $format in $name', ({ format, name }) => {
  it('is not added to: what comes goes into a file of the present version', async () => {
    const directory = copyOf(format, name);
    const before = await reading(directory, name);
    expect(before.journal.isOutdated).toBe(true);
    before.journal.append(['new']);
    await before.journal.close();
    const formats = headersIn(directory).map(({ format }) => format);
    expect(new Set(formats)).toEqual(new Set([format, FORMAT_VERSION]));
    const again = await reading(directory, name);
    expect(again.records).toEqual([...before.records, 'new']);
    expect(again.parts).toEqual(before.parts);
    expect(again.journal.isOutdated).toBe(true);
    await again.journal.close();
  });

  it('is gone with the first snapshot, and not before that is there', async () => {
    const directory = copyOf(format, name);
    const { journal } = await reading(directory, name);
    await journal.snapshot(['all of it']);
    expect(journal.isOutdated).toBe(false);
    await journal.close();
    expect(headersIn(directory).map(({ format }) => format)).toEqual([
      FORMAT_VERSION,
      FORMAT_VERSION,
    ]);
    const { parts, records, journal: again } = await reading(directory, name);
    expect({ parts, records, isOutdated: again.isOutdated }).toEqual({
      parts: ['all of it'],
      records: [],
      isOutdated: false,
    });
    await again.close();
  });

  it('says the same after a crash at any step of its way into the present version', async () => {
    const before = await reading(copyOf(format, name), name);
    await before.journal.close();
    const directory = copyOf(format, name);
    const crashes: string[] = [];
    const disk: Disk = hookedDisk((operation) => {
      if (operation === 'close') return;
      const copy = join(temporaryDirectory(MEMORY), 'journal');
      copyJournal(directory, copy);
      crashes.push(copy);
    });
    const kind = name.split('/')[1] as string;
    const { journal } = await open(directory, { kind, lifts: AS_WRITTEN, disk });
    await journal.snapshot(['all of it', 'in the present version']);
    await journal.close();
    expect(crashes.length).toBeGreaterThan(15);
    let moved = 0;
    for (const copy of crashes) {
      const { parts, records, journal: again } = await reading(copy, name);
      if (parts?.[0] === 'all of it') {
        expect({ parts, records }).toEqual({
          parts: ['all of it', 'in the present version'],
          records: [],
        });
        moved++;
      } else expect({ parts, records }).toEqual({ parts: before.parts, records: before.records });
      await again.close();
    }
    expect(moved).toBeGreaterThan(0);
    expect(moved).toBeLessThan(crashes.length);
  });

  it('is shown by readJournal() as it was written', async () => {
    const directory = copyOf(format, name);
    const shown = [...readJournal(directory)].map(({ record }) => record);
    const { parts = [], records, journal } = await reading(directory, name);
    const columns = (_: string, value: unknown) =>
      ArrayBuffer.isView(value) ? Array.from(value as Uint8Array) : value;
    expect(JSON.stringify(shown)).toBe(JSON.stringify([...parts, ...records], columns));
    await journal.close();
  });
});

/** Version 2 counts in tens, version 3 in words. */
const tens: Lift = {
  record: (record) => (record as number) * 10,
  *snapshot(parts) {
    for (const part of parts) yield (part as number) * 10;
  },
};
const words: Lift = { record: (record) => `${record}` };

describe('records of an earlier version of their kind', () => {
  async function mixed() {
    const directory = temporaryDirectory();
    const first = await open(directory);
    await first.journal.snapshot([1, 2]);
    first.journal.append([3]);
    await first.journal.close();
    const second = await open(directory, { lifts: [tens] });
    second.journal.append([40]);
    await second.journal.close();
    return directory;
  }

  it('are lifted step by step, each from the version that its file says', async () => {
    const directory = await mixed();
    const { journal, snapshot, records } = await open(directory, { lifts: [tens, words] });
    expect([...(snapshot ?? [])]).toEqual([10, 20]);
    expect([...records]).toEqual(['30', '40']);
    journal.append(['50']);
    await journal.close();
    const again = await open(directory, { lifts: [tens, words] });
    expect([...again.records]).toEqual(['30', '40', '50']);
    await again.journal.snapshot(['60']);
    expect(again.journal.isOutdated).toBe(false);
    await again.journal.close();
  });

  it('are refused when they are newer, and left as they are', async () => {
    const directory = await mixed();
    const sizes = () =>
      readdirSync(directory).map((file) => statSync(join(directory, file)).mtimeMs);
    const before = sizes();
    await expect(contents(directory)).rejects.toMatchObject({
      code: 'JOURNAL_VERSION',
      subject: expect.stringContaining('segment-000003'),
      problem: 'written in version 2 of the records; this program reads up to 1',
      hint: expect.stringContaining('newer pstar'),
    });
    expect(sizes()).toEqual(before);
  });
});
