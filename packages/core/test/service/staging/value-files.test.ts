import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { LocalFile } from '../../../src/manager/attempt-files.ts';
import { settleFile, ValueFiles } from '../../../src/service/staging/value-files.ts';
import { assertWhole } from '../../../src/service/staging/value-seals.ts';
import { scratch } from '../../staging/pair.ts';

const bytes = Buffer.from('a value');

it('arguments are kept by their content, once, and are found again in a later life', async () => {
  const directory = join(scratch(), 'values');
  const files = new ValueFiles(directory, 'w');
  const sha256 = await files.arguments.keep(bytes);
  expect(await files.arguments.keep(Buffer.from(bytes))).toBe(sha256);
  expect(await files.arguments.keep(Buffer.from('another'))).not.toBe(sha256);
  const found = new ValueFiles(directory, 'w').find({ direction: 'in', sha256 }, 'stamp');
  expect(found).toMatchObject({ direction: 'in', stamp: 'stamp', append: false });
  expect(readFileSync((found as LocalFile).path)).toEqual(bytes);
  expect(readdirSync(dirname((found as LocalFile).path))).toHaveLength(2);
});

it('what a unit has returned is read where its agent has written it', async () => {
  const files = new ValueFiles(scratch(), 'w');
  const { path } = files.find({ direction: 'out', unit: 1234 }, 'stamp') as LocalFile;
  expect(existsSync(dirname(path))).toBe(false);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
  await settleFile(path);
  expect(await files.read(1234)).toEqual(bytes);
  expect(files.find({ direction: 'in', unit: 1234 }, 'stamp')).toMatchObject({ path });
  rmSync(path);
  await expect(files.read(1234)).rejects.toMatchObject({ code: 'NOT_FOUND', subject: path });
});

describe('a value that is not what was written', () => {
  const damages: [string, (bytes: Buffer) => Uint8Array][] = [
    [
      'has a bit that is not as it was',
      (bytes) => bytes.map((byte, i) => (i === 9 ? byte ^ 1 : byte)),
    ],
    ['is cut', (bytes) => bytes.subarray(0, 9)],
    ['is empty', () => Buffer.alloc(0)],
    ['is longer', (bytes) => Buffer.concat([bytes, bytes])],
  ];

  it.each(damages)('is not handed on: it %s', async (_, damage) => {
    const files = new ValueFiles(scratch(), 'w');
    const { path } = files.find({ direction: 'out', unit: 12 }, 'stamp') as LocalFile;
    mkdirSync(dirname(path), { recursive: true });
    const large = Buffer.alloc(3_000_000, 'some value');
    writeFileSync(path, large);
    await settleFile(path);
    const found = files.find({ direction: 'in', unit: 12 }, 'stamp') as LocalFile;
    await assertWhole(found);
    expect((await files.read(12)).equals(large)).toBe(true);
    writeFileSync(path, damage(large));
    const damaged = {
      code: 'JOURNAL_DAMAGED',
      message: expect.stringContaining(`the value of unit w.12 is not what was written (${path})`),
    };
    await expect(files.read(12)).rejects.toMatchObject(damaged);
    await expect(assertWhole(found)).rejects.toMatchObject(damaged);
    writeFileSync(path, large);
    await settleFile(path);
    expect((await files.read(12)).equals(large)).toBe(true);
  });

  it('nor is an argument', async () => {
    const files = new ValueFiles(scratch(), 'w');
    const sha256 = await files.arguments.keep(bytes);
    const found = files.find({ direction: 'in', sha256 }, 'stamp') as LocalFile;
    await assertWhole(found);
    writeFileSync(found.path, 'another value');
    const damaged = { code: 'JOURNAL_DAMAGED', subject: found.path };
    await expect(assertWhole(found)).rejects.toMatchObject(damaged);
  });

  it('is written anew where the journal has it', () => {
    const files = new ValueFiles(scratch(), 'w');
    const find = () => files.find({ direction: 'in', unit: 7 }, 'stamp', bytes) as LocalFile;
    const { path } = find();
    writeFileSync(path, 'no value');
    expect(readFileSync(find().path)).toEqual(bytes);
  });

  it('cannot be told where an older version has written it', async () => {
    const files = new ValueFiles(scratch(), 'w');
    const found = files.find({ direction: 'in', unit: 12 }, 'stamp') as LocalFile;
    mkdirSync(dirname(found.path), { recursive: true });
    writeFileSync(found.path, bytes);
    await assertWhole(found);
    expect(await files.read(12)).toEqual(bytes);
  });
});

it('a value that was reported counts more than what a lost attempt has left', () => {
  const files = new ValueFiles(scratch(), 'w');
  const { path } = files.find({ direction: 'out', unit: 7 }, 'stamp') as LocalFile;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, 'of a lost attempt');
  const told = files.find({ direction: 'in', unit: 7 }, 'stamp', bytes) as LocalFile;
  expect(readFileSync(told.path)).toEqual(bytes);
});

it('a value that cannot be made a file is a problem of whoever asks', () => {
  const directory = scratch();
  writeFileSync(join(directory, '0'), 'no directory');
  expect(new ValueFiles(directory, 'w').find({ direction: 'in', unit: 7 }, 'stamp', bytes)).toEqual(
    {
      problem: expect.stringContaining(`${join(directory, '0', '7-reported')} cannot be written`),
    },
  );
});
