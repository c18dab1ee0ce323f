import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LaunchRecord, LaunchRecords } from '../src/launch-records.ts';

let directory: string;
let record: LaunchRecord;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pstar-records-'));
  record = {
    name: 'pilot-1',
    directory: '/here',
    logFile: '/here/agent.log',
    settingsFile: join(directory, 'settings.json'),
    keeps: false,
    isAccepted: false,
    isCanceled: false,
    parts: ['a', 'b'].map((target) => ({ target, name: 'pilot-1', node: target })),
  };
});

afterEach(() => rm(directory, { recursive: true, force: true }));

describe('records of launches', () => {
  it('are there for another connection', async () => {
    await new LaunchRecords(directory).begin(record);
    const there = new LaunchRecords(directory);
    expect(await there.read('pilot-1')).toEqual(record);
    expect(await there.all()).toEqual([record]);
    expect(await there.read('pilot-2')).toBe(undefined);
  });

  it('are changed by many at once, and nothing is lost', async () => {
    const records = new LaunchRecords(directory);
    await records.begin(record);
    await Promise.all([
      records.changePart('pilot-1', 'a', { directory: '/a' }),
      records.changePart('pilot-1', 'b', { directory: '/b' }),
      records.change('pilot-1', (known) => ({ ...known, isAccepted: true })),
    ]);
    const known = await records.read('pilot-1');
    expect(known?.isAccepted).toBe(true);
    expect(known?.parts.map((part) => part.directory)).toEqual(['/a', '/b']);
  });

  it('are forgotten when all is over and the pilot is, too', async () => {
    const records = new LaunchRecords(directory);
    await records.begin(record);
    await writeFile(record.settingsFile, '');
    await records.changePart('pilot-1', 'a', { end: { exitCode: 0 } });
    await rm(record.settingsFile);
    await records.tidy();
    expect(await records.all()).toHaveLength(1);
    await records.changePart('pilot-1', 'b', { end: { lost: 'killed' } });
    await records.tidy();
    expect(await records.all()).toEqual([]);
    expect(await records.change('pilot-1', (known) => known)).toBe(undefined);
  });

  it('do not take an id of something else for a name', async () => {
    const records = new LaunchRecords(directory);
    for (const id of ['../../etc/passwd', 'a "b" \'c\'; $(d)', 'x'.repeat(1000)]) {
      expect(await records.read(id)).toBe(undefined);
    }
  });
});
