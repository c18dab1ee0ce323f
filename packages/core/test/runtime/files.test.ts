import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ensureDirectory, storeDirectory, writeFileAtomic } from '../../src/runtime/files.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pstar-files-'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(directory, { recursive: true, force: true });
});

describe('writeFileAtomic', () => {
  it('replaces a file, readable by nobody else, and leaves nothing beside it', async () => {
    const path = join(directory, 'key');
    await writeFileAtomic(path, 'first');
    await writeFileAtomic(path, 'second');
    expect(await readFile(path, 'utf8')).toBe('second');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(directory)).toEqual(['key']);
  });

  it('leaves nothing behind when it fails', async () => {
    await ensureDirectory(join(directory, 'taken', 'inside'));
    await expect(writeFileAtomic(join(directory, 'taken'), 'x')).rejects.toThrow(
      /EISDIR|ENOTEMPTY/,
    );
    expect(await readdir(directory)).toEqual(['taken']);
  });

  it('says what is wrong with a disk', async () => {
    await expect(writeFileAtomic('/proc/key', 'x')).rejects.toMatchObject({
      code: 'STORE_UNWRITABLE',
      subject: '/proc/key',
    });
  });
});

describe('ensureDirectory', () => {
  it('makes a directory with its parents, for us alone, and takes one that is there', async () => {
    const path = join(directory, 'a', 'b');
    await ensureDirectory(path);
    await ensureDirectory(path);
    expect((await stat(path)).mode & 0o777).toBe(0o700);
  });

  it('says STORE_UNWRITABLE when a file is in the way', async () => {
    await writeFile(join(directory, 'file'), '');
    const path = join(directory, 'file', 'store');
    await expect(ensureDirectory(path)).rejects.toMatchObject({
      code: 'STORE_UNWRITABLE',
      subject: path,
    });
  });

  it('says it, and comes to an end, where the system has no place for a directory', async () => {
    await expect(ensureDirectory('/proc/nowhere/store')).rejects.toMatchObject({
      code: 'STORE_UNWRITABLE',
      subject: '/proc/nowhere/store',
    });
  });

  it('may be asked for the same by several at once', async () => {
    const paths = ['x', 'y', 'z'].map((name) => join(directory, 'a', 'b', name));
    await Promise.all(paths.map((path) => ensureDirectory(path)));
    expect((await readdir(join(directory, 'a', 'b'))).sort()).toEqual(['x', 'y', 'z']);
  });
});

describe('storeDirectory', () => {
  it('takes the option, then PSTAR_HOME, then the XDG state directory, then its default', () => {
    vi.stubEnv('HOME', '/home/ann');
    vi.stubEnv('PSTAR_HOME', '/srv/pstar');
    vi.stubEnv('XDG_STATE_HOME', '/state');
    expect(storeDirectory('/here')).toBe('/here');
    expect(storeDirectory()).toBe('/srv/pstar');
    vi.stubEnv('PSTAR_HOME', '');
    expect(storeDirectory()).toBe('/state/pstar');
    vi.stubEnv('XDG_STATE_HOME', 'relative');
    expect(storeDirectory()).toBe('/home/ann/.local/state/pstar');
    vi.stubEnv('HOME', 'ann');
    expect(storeDirectory()).toBe(resolve('ann/.local/state/pstar'));
  });
});
