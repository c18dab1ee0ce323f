/** Directories with those above them: made, there already, impossible, or in a race with others. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdir, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { makeDirectory, makeDirectorySync } from '../../src/runtime/make-directory.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'pstar-make-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true, maxRetries: 5 }));
});

const isDirectory = (path: string): boolean => statSync(path).isDirectory();
const modeOf = (path: string): number => statSync(path).mode & 0o777;

describe.each([
  ['makeDirectory', async (path: string, mode?: number) => void (await makeDirectory(path, mode))],
  [
    'makeDirectorySync',
    async (path: string, mode?: number) => {
      makeDirectorySync(path, mode);
    },
  ],
])('%s', (_, make) => {
  it('makes those above it, too, with the mode, and takes what is there', async () => {
    const path = join(home, 'a', 'b', 'c');
    await make(path, 0o700);
    await make(path, 0o755);
    expect([modeOf(join(home, 'a')), modeOf(path)]).toEqual([0o700, 0o700]);
    await make(`${home}/x/../y/`);
    expect(isDirectory(join(home, 'y'))).toBe(true);
    await make('/');
    await make('.');
  });

  it('takes a link to a directory, and refuses one to nothing, and a file', async () => {
    symlinkSync(home, join(home, 'link'));
    await make(join(home, 'link'));
    await make(join(home, 'link', 'in', 'it'));
    expect(isDirectory(join(home, 'in', 'it'))).toBe(true);
    symlinkSync('nothing', join(home, 'dangling'));
    await expect(make(join(home, 'dangling'))).rejects.toThrow(/EEXIST/);
    await expect(make(join(home, 'dangling', 'x'))).rejects.toThrow(/EEXIST/);
    writeFileSync(join(home, 'file'), '');
    await expect(make(join(home, 'file'))).rejects.toThrow(/EEXIST/);
    await expect(make(join(home, 'file', 'x', 'y'))).rejects.toThrow(/ENOTDIR/);
  });

  it.each(['/proc/none', '/proc/none/a/b', '/dev/fd/none/a', '', 'x\0y'])(
    'comes to an end where the system has no place for one: %j',
    async (path) => {
      await expect(make(path)).rejects.toThrow(/ENOENT|null bytes/);
    },
  );

  it('bears that others remove what it makes', async () => {
    const path = join(home, 'a', 'b', 'c');
    let isOver = false;
    const others = async (): Promise<void> => {
      while (!isOver) {
        for (const each of [path, join(path, '..'), join(path, '../..')]) {
          await rmdir(each).catch(() => {});
        }
      }
    };
    const removing = others();
    for (let i = 0; i < 200; i++) {
      // It may lose every time, and says so then.
      await make(path).catch(({ code }) => expect(code).toBe('ENOENT'));
    }
    isOver = true;
    await removing;
    await make(path);
    expect(isDirectory(path)).toBe(true);
  });
});

it('gives what was made, the innermost last', async () => {
  await mkdir(join(home, 'a'));
  const made = await makeDirectory(join(home, 'a', 'b', 'c'));
  expect(made).toEqual([join(home, 'a', 'b'), join(home, 'a', 'b', 'c')]);
  expect(await makeDirectory(join(home, 'a', 'b', 'c'))).toEqual([]);
});

it('may be asked for the same by several at once', async () => {
  const paths = ['x', 'y', 'z'].map((name) => join(home, 'a', 'b', name));
  await Promise.all([...paths, ...paths].map((path) => makeDirectory(path)));
  expect(paths.map(isDirectory)).toEqual([true, true, true]);
});

it('comes to an end in a working directory that was removed', async () => {
  const gone = join(home, 'gone');
  await mkdir(gone);
  const source = new URL('../../src/runtime/make-directory.ts', import.meta.url).href;
  const script = `
    const { makeDirectory, makeDirectorySync } = await import(${JSON.stringify(source)});
    process.chdir(${JSON.stringify(gone)});
    (await import('node:fs')).rmdirSync(${JSON.stringify(gone)});
    const said = [await makeDirectory('a/b').catch(({ code }) => code)];
    try { makeDirectorySync('a/b'); } catch ({ code }) { said.push(code); }
    process.stdout.write(said.join(' '));`;
  const node = ['--import', 'tsx', '--input-type=module', '-e', script];
  const { stdout } = await promisify(execFile)(process.execPath, node, { timeout: 20_000 });
  expect(stdout).toBe('ENOENT ENOENT');
});
