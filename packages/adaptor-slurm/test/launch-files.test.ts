import { existsSync } from 'node:fs';
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { AdaptorError, type AgentLaunch, localCommandRunner } from '@pstar/core/adaptor';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { LaunchFiles } from '../src/launch-files.ts';
import { launchOf } from './support/launches.ts';
import { localWith } from './support/runner.ts';

const { files: there } = localCommandRunner();
let place: string;
let files: LaunchFiles;
let launches: [AgentLaunch, AgentLaunch];

beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'pstar-launches-'));
  files = new LaunchFiles(join(place, 'slurm'), there);
  const made = ['a', 'b'].map((name) => launchOf({}, { name, directory: join(place, name) }));
  for (const { settingsFile } of made) {
    await mkdir(dirname(settingsFile));
    await writeFile(settingsFile, '');
  }
  launches = made as never;
});

afterEach(() => rm(place, { recursive: true, force: true }));

it('knows where launches went, also by another connection', async () => {
  await files.place('array', launches);
  const other = new LaunchFiles(join(place, 'slurm'), there);
  expect(await other.find('a')).toMatchObject({ job: 'array', index: 0 });
  expect(await other.find('b')).toMatchObject({ job: 'array', index: 1 });
  expect(await other.find('c')).toBeUndefined();
  await files.place('single', [launches[0]]);
  expect(await other.find('a')).toMatchObject({ job: 'single' });
  expect(await other.find('a')).not.toHaveProperty('index');
});

it('takes what was cut off by a crash for not written', async () => {
  await files.place('single', [launches[0]]);
  await writeFile(join(place, 'slurm', 'launches', 'a.json'), '{"job":"sin');
  expect(await files.find('a')).toBeUndefined();
});

it('leads the output of elements to the logs of their pilots', async () => {
  const directory = await files.makeArray('array', launches);
  await appendFile(join(directory, '1.log'), 'said');
  expect(await readFile(launches[1].logFile, 'utf8')).toBe('said');
});

it('forgets what was refused', async () => {
  await files.place('single', [launches[0]]);
  await files.forget([launches[0]]);
  expect(await files.find('a')).toBeUndefined();
});

it('tidies up once pilots are over, and not before', async () => {
  const directory = await files.makeArray('array', launches);
  await files.place('array', launches);
  await files.identify('17', 'array');
  await rm(launches[0].settingsFile);
  await files.tidy();
  expect(await files.find('a')).toBeUndefined();
  expect(await files.find('b')).toBeDefined();
  expect(await readdir(join(place, 'slurm', 'ids'))).toEqual(['17']);
  expect(await readdir(join(place, 'slurm', 'arrays'))).toEqual(['array']);
  expect(await readdir(directory)).toEqual(['0.log', '1.log']);
  await rm(launches[1].settingsFile);
  await files.tidy();
  expect(await readdir(join(place, 'slurm', 'arrays'))).toEqual([]);
  expect(await readdir(join(place, 'slurm', 'ids'))).toEqual([]);
  expect(await readdir(join(place, 'slurm', 'launches'))).toEqual([]);
  expect(existsSync(directory)).toBe(false);
});

it('keeps what it cannot look at, and what it cannot remove for another time', async () => {
  const directory = await files.makeArray('array', launches);
  await files.place('array', launches);
  for (const { settingsFile } of launches) await rm(settingsFile);
  const lost = async () => Promise.reject(new AdaptorError('CONNECTION_LOST', 'away'));
  const from = (changes: object) => new LaunchFiles(join(place, 'slurm'), localWith(changes));
  await from({ stat: lost }).tidy();
  expect(await files.find('a')).toBeDefined();
  await from({ remove: lost }).tidy();
  expect(await files.find('a')).toBeUndefined();
  expect(existsSync(directory)).toBe(true);
  await files.tidy();
  expect(existsSync(directory)).toBe(false);
});

it('has nothing to tidy where nothing was submitted', async () => {
  await expect(files.tidy()).resolves.toBeUndefined();
});
