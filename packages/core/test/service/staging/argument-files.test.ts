import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { ArgumentFiles } from '../../../src/service/staging/argument-files.ts';
import { scratch } from '../../staging/pair.ts';

const bytes = Buffer.from('an argument');

it('an argument is there until the last unit has ended that is given it', async () => {
  const directory = scratch();
  const files = new ArgumentFiles(directory);
  const name = await files.keep(bytes);
  files.give(1, [name]);
  files.give(2, [await files.keep(bytes)]);
  expect(files.areThere).toBe(true);
  // One that nobody is given, for instance because its submit was refused.
  files.drop([await files.keep(bytes)]);
  files.ended(1);
  files.ended(1);
  files.ended(7);
  expect(existsSync(files.path(name))).toBe(true);
  files.ended(2);
  expect(existsSync(files.path(name))).toBe(false);
  expect(files.areThere).toBe(false);
  await vi.waitFor(() => expect(readdirSync(directory)).toEqual([]));
});

it('an argument that is kept anew while it is being removed is there', async () => {
  const files = new ArgumentFiles(scratch());
  const name = await files.keep(bytes);
  files.give(1, [name]);
  const again = files.keep(bytes);
  files.ended(1);
  files.drop([await again]);
  expect(existsSync(files.path(name))).toBe(false);
  await files.keep(bytes);
  expect(existsSync(files.path(name))).toBe(true);
});

it('a later life has what its units want, and nothing else', async () => {
  const directory = scratch();
  const [wanted, other] = await Promise.all(
    ['wanted', 'other'].map((each) => new ArgumentFiles(directory).keep(Buffer.from(each))),
  );
  writeFileSync(join(directory, `${other}.0.gone`), 'on its way out');
  const files = new ArgumentFiles(directory);
  await files.restore([[7, [wanted ?? '']]]);
  expect(readdirSync(directory)).toEqual([wanted]);
  files.ended(7);
  await vi.waitFor(() => expect(readdirSync(directory)).toEqual([]));
  await new ArgumentFiles(join(directory, 'nowhere')).restore([]);
});

it('what cannot be kept is wanted by nobody', async () => {
  const directory = scratch();
  writeFileSync(join(directory, 'file'), '');
  const files = new ArgumentFiles(join(directory, 'file'));
  await expect(files.keep(bytes)).rejects.toMatchObject({ code: 'STORE_UNWRITABLE' });
  expect(files.areThere).toBe(false);
});
