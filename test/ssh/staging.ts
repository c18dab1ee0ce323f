/** Files that travel with a unit and come back. */
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { SshWorld } from './fixture.ts';

/** Has a unit take in a program with its input and files, and give back what it has made of them. */
export async function stageThere({ work, store }: SshWorld): Promise<void> {
  const own = join(store, 'own');
  await mkdir(own);
  const path = (name: string) => join(own, name);
  const bytes = randomBytes(300_000);
  await writeFile(path('program'), '#!/bin/sh\ncat\ncp data result\necho said >&2\n', {
    mode: 0o755,
  });
  await writeFile(path('data'), bytes);
  await writeFile(path('input'), 'text\n');
  await writeFile(path('result'), 'begun ');
  const [unit] = await work.submit([
    {
      executable: './program',
      input: path('input'),
      output: path('output'),
      error: path('error'),
      fileTransfer: [
        `${path('program')} > program`,
        { source: path('data'), target: 'data' },
        `${path('result')} << result`,
        { source: 'nothing', target: path('nothing'), direction: 'out', optional: true },
      ],
    },
  ]);
  await work.wait();
  expect(unit?.exit?.problem).toBeUndefined();
  expect(unit?.state).toBe('Done');
  expect(await readFile(path('output'), 'utf8')).toBe('text\n');
  expect(await readFile(path('error'), 'utf8')).toBe('said\n');
  expect(await readFile(path('result'))).toEqual(Buffer.concat([Buffer.from('begun '), bytes]));
  expect((await stat(path('program'))).mode & 0o777).toBe(0o755);
}
