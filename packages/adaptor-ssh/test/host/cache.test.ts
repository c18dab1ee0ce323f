import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CommandRunner, localCommandRunner } from '@pstar/core/adaptor';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { putInCache } from '../../src/host/cache.ts';
import { type LocalFile, localFile } from '../../src/host/local-files.ts';

const runner = localCommandRunner();
let directory: string;
let cache: string;
let file: LocalFile;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pstar-cache-'));
  cache = join(directory, "cache it's");
  await runner.files.makeDirectory(cache);
  const path = join(directory, 'agent.mjs');
  await writeFile(path, '// nothing\n'.repeat(1000));
  file = await localFile(path, 'agent', '.mjs', 0o700);
});

afterEach(() => rm(directory, { recursive: true, force: true }));

describe('a cache', () => {
  it('has a file under a name that tells its content, with its mode, and nothing else', async () => {
    await putInCache(runner, cache, [file]);
    expect(await readdir(cache)).toEqual([file.name]);
    expect(file.name).toMatch(/^agent-[0-9a-f]{16}\.mjs$/);
    expect(await readFile(join(cache, file.name))).toEqual(await readFile(file.path));
    expect((await stat(join(cache, file.name))).mode & 0o777).toBe(0o700);
  });

  it('has one where it was damaged', async () => {
    await writeFile(join(cache, file.name), 'nonsense');
    await putInCache(runner, cache, [file]);
    expect(await readFile(join(cache, file.name))).toEqual(await readFile(file.path));
  });

  it('takes the same file from many at once', async () => {
    await Promise.all(Array.from({ length: 8 }, () => putInCache(runner, cache, [file])));
    expect(await readdir(cache)).toEqual([file.name]);
  });

  it('takes nothing that has changed on the way, and keeps nothing of it', async () => {
    const upload: CommandRunner['files']['upload'] = (_, path, options) =>
      runner.files.write(path, 'nonsense', options);
    const files = { ...runner.files, upload };
    await expect(putInCache({ ...runner, files }, cache, [file])).rejects.toThrow(
      'what arrived is not what was sent',
    );
    expect(await readdir(cache)).toEqual([]);
  });

  it('that is full says how much is missing', async () => {
    const upload = () => Promise.reject(new Error('Failure'));
    const full = { ...runner, files: { ...runner.files, upload } };
    const huge = { ...file, size: 2 ** 60 };
    await expect(putInCache(full, cache, [huge])).rejects.toThrow(/is full over there: .* needed/);
    await expect(putInCache(full, cache, [file])).rejects.toThrow('Failure');
  });
});
