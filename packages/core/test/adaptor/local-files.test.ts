import { execFileSync } from 'node:child_process';
import { lstat, mkdir, mkdtemp, readdir, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { localCommandRunner } from '../../src/adaptor/command-runner.ts';

const { files, host } = localCommandRunner();
let directory: string;
const at = (...names: readonly string[]) => join(directory, ...names);
const modeOf = async (path: string) => (await lstat(path)).mode & 0o777;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pstar-files-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

describe('the files of this machine', () => {
  it('are written as a whole, and for their owner alone', async () => {
    await files.write(at('a'), 'one');
    await files.write(at('a'), new Uint8Array([0, 255]));
    expect(Buffer.from(await files.read(at('a')))).toEqual(Buffer.from([0, 255]));
    expect(await modeOf(at('a'))).toBe(0o600);
    expect(await readdir(directory)).toEqual(['a']);
  });

  it('are nobody else’s from their first moment on', async () => {
    execFileSync('mkfifo', [at('slow')]);
    const writing = files.upload(at('slow'), at('a'), { mode: 0o644 });
    const draft = async () => (await readdir(directory)).find((name) => name !== 'slow');
    await expect.poll(draft).toMatch(/^a\../);
    expect(await modeOf(at((await draft()) as string))).toBe(0o600);
    await writeFile(at('slow'), 'at last');
    await writing;
    expect(await readdir(directory)).toEqual(['a', 'slow']);
    expect(await modeOf(at('a'))).toBe(0o644);
  });

  it('have the mode that is asked for, whatever the umask is', async () => {
    const before = process.umask(0o077);
    try {
      await files.write(at('b'), '', { mode: 0o755 });
      expect(await modeOf(at('b'))).toBe(0o755);
    } finally {
      process.umask(before);
    }
  });

  it('leave no draft behind when they cannot be written', async () => {
    await mkdir(at('is-a-directory'));
    await expect(files.write(at('is-a-directory'), 'x')).rejects.toMatchObject({
      code: 'ADAPTOR_FAILED',
      problem: expect.stringContaining(at('is-a-directory')),
      subject: host,
    });
    expect(await readdir(directory)).toEqual(['is-a-directory']);
  });

  it('travel from and to files that are here anyhow', async () => {
    await writeFile(at('here'), 'much', { mode: 0o644 });
    await files.upload(at('here'), at('there'), { mode: 0o700 });
    expect(await modeOf(at('there'))).toBe(0o700);
    await files.download(at('there'), at('back'));
    expect(Buffer.from(await files.read(at('back'))).toString()).toBe('much');
    expect(await modeOf(at('back'))).toBe(0o600);
    await expect(files.download(at('none'), at('never'))).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    expect(await files.stat(at('never'))).toBeUndefined();
  });

  it('are in directories, made with those above and listed in order', async () => {
    await files.makeDirectory(at('x', 'y'));
    await files.makeDirectory(at('x', 'y'), 0o755);
    expect(await modeOf(at('x', 'y'))).toBe(0o700);
    for (const name of ['b', 'a', '.c']) await files.write(at('x', name), '');
    expect(await files.list(at('x'))).toEqual(['.c', 'a', 'b', 'y']);
    await expect(files.list(at('nowhere'))).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('are known by their facts, and links by theirs', async () => {
    await files.write(at('five'), 'bytes');
    expect(await files.stat(at('five'))).toEqual({ size: 5, mode: 0o600, isDirectory: false });
    expect(await files.stat(directory)).toMatchObject({ isDirectory: true });
    expect(await files.stat(at('none'))).toBeUndefined();
    expect(await files.stat(at('five', 'below-a-file'))).toBeUndefined();
    await files.symlink(at('nowhere'), at('link'));
    expect(await readlink(at('link'))).toBe(at('nowhere'));
    expect(await files.stat(at('link'))).toMatchObject({ isDirectory: false });
    await expect(files.symlink('x', at('link'))).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
  });

  it('are removed with all that is in them, links and not what they lead to', async () => {
    await files.makeDirectory(at('whole', 'tree'));
    await files.write(at('kept'), '');
    await files.symlink(at('kept'), at('whole', 'link'));
    await files.remove(at('whole'));
    await files.remove(at('whole'));
    expect(await readdir(directory)).toEqual(['kept']);
  });
});
