import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import type { LocalFile } from '../../../src/manager/attempt-files.ts';
import { settleFile, ValueFiles } from '../../../src/service/staging/value-files.ts';
import { scratch } from '../../staging/pair.ts';

const bytes = Buffer.from('a value');

it('arguments are kept by their content, once, and are found again in a later life', async () => {
  const directory = join(scratch(), 'values');
  const files = new ValueFiles(directory);
  const sha256 = await files.arguments.keep(bytes);
  expect(await files.arguments.keep(Buffer.from(bytes))).toBe(sha256);
  expect(await files.arguments.keep(Buffer.from('another'))).not.toBe(sha256);
  const found = new ValueFiles(directory).find({ direction: 'in', sha256 }, 'stamp');
  expect(found).toMatchObject({ direction: 'in', stamp: 'stamp', append: false });
  expect(readFileSync((found as LocalFile).path)).toEqual(bytes);
  expect(readdirSync(dirname((found as LocalFile).path))).toHaveLength(2);
});

it('what a unit has returned is read where its agent has written it', async () => {
  const files = new ValueFiles(scratch());
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

it('a value that was reported counts more than what a lost attempt has left', () => {
  const files = new ValueFiles(scratch());
  const { path } = files.find({ direction: 'out', unit: 7 }, 'stamp') as LocalFile;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, 'of a lost attempt');
  const told = files.find({ direction: 'in', unit: 7 }, 'stamp', bytes) as LocalFile;
  expect(readFileSync(told.path)).toEqual(bytes);
});

it('a value that cannot be made a file is a problem of whoever asks', () => {
  const directory = scratch();
  writeFileSync(join(directory, '0'), 'no directory');
  expect(new ValueFiles(directory).find({ direction: 'in', unit: 7 }, 'stamp', bytes)).toEqual({
    problem: expect.stringContaining(`${join(directory, '0', '7-reported')} cannot be written`),
  });
});
