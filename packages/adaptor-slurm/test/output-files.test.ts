import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { localCommandRunner, type PilotJobDescription } from '@pstar/core/adaptor';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { refuseLostFiles } from '../src/output-files.ts';
import { launchOf } from './support/launches.ts';

const { files } = localCommandRunner();
let place: string;

beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'pstar-outputs-'));
});

afterEach(() => rm(place, { recursive: true }));

const refusal = (description: PilotJobDescription, logFile = join(place, 'agent.log')) =>
  refuseLostFiles(launchOf(description, { directory: place, logFile }), files).then(
    () => undefined,
    (error: Error) => error.message,
  );

it('refuses a file in a directory that is seen not to be there', async () => {
  const told = (subject: string) =>
    `there is no directory ${place}/no (${subject}); make it, or write a file in one that is there`;
  expect(await refusal({ output: 'no/out' }, `${place}/no/out`)).toBe(told('output'));
  expect(await refusal({ error: 'no/err' })).toBe(told('error'));
});

it('refuses a file below a file, and takes one below a link', async () => {
  await writeFile(join(place, 'file'), '');
  await mkdir(join(place, 'dir'));
  await symlink('dir', join(place, 'link'));
  expect(await refusal({ error: 'file/err' })).toBe(
    `${place}/file is no directory (error); write a file in a directory`,
  );
  expect(await refusal({ error: 'link/err' })).toBeUndefined();
});

it('takes what is there, and what nodes alone may have', async () => {
  expect(await refusal({})).toBeUndefined();
  expect(await refusal({ output: 'out', error: 'err' })).toBeUndefined();
  expect(await refusal({ error: `${place}/no/of/nodes/err` })).toBeUndefined();
  expect(await refusal({ error: '/no-such-place/err' })).toBeUndefined();
});
