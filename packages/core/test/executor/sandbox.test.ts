import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Sandboxes } from '../../src/executor/sandbox.ts';

describe('Sandboxes', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'sandbox-test-'));
  });
  afterEach(() => rmSync(root, { recursive: true }));
  const path = (name: string): string => join(root, 'a', 'b', name);
  const busy = (): Sandboxes => new Sandboxes(() => false);

  it('makes directories with their parents, for the owner only', () => {
    busy().prepare(path('1'), 'default');
    expect(statSync(path('1')).mode & 0o777).toBe(0o700);
  });

  it('uses one again that nobody touched', () => {
    const sandboxes = busy();
    sandboxes.prepare(path('1'), 'default');
    const { ino } = statSync(path('1'));
    sandboxes.release(path('1'), 'default', false);
    sandboxes.prepare(path('2'), true);
    expect(statSync(path('2')).ino).toBe(ino);
    expect(existsSync(path('1'))).toBe(false);
  });

  it('does not use one again that was touched, even if it is empty again', () => {
    const sandboxes = busy();
    sandboxes.prepare(path('1'), 'default');
    writeFileSync(join(path('1'), 'file'), '');
    rmSync(join(path('1'), 'file'));
    sandboxes.release(path('1'), 'default', false);
    sandboxes.prepare(path('2'), 'default');
    expect(existsSync(path('1'))).toBe(true);
  });

  it('does not use one again where somebody may still be', () => {
    const sandboxes = busy();
    sandboxes.prepare(path('1'), 'default');
    sandboxes.release(path('1'), 'default', true);
    sandboxes.prepare(path('2'), 'default');
    expect(existsSync(path('1'))).toBe(true);
  });

  it('gives the same path again, and not to somebody else meanwhile', () => {
    const sandboxes = busy();
    for (const name of ['1', '2']) sandboxes.prepare(path(name), 'default');
    for (const name of ['1', '2']) sandboxes.release(path(name), 'default', false);
    sandboxes.prepare(path('2'), 'default');
    sandboxes.prepare(path('3'), 'default');
    sandboxes.prepare(path('4'), 'default');
    expect(readdirSync(join(root, 'a', 'b')).sort()).toEqual(['2', '3', '4']);
  });

  it('leaves what lies at a path as it is', () => {
    const sandboxes = busy();
    sandboxes.prepare(path('1'), 'default');
    sandboxes.release(path('1'), 'default', false);
    mkdirSync(path('2'));
    writeFileSync(join(path('2'), 'kept'), '');
    sandboxes.prepare(path('2'), 'default');
    expect(readdirSync(path('2'))).toEqual(['kept']);
  });

  it('removes by close() what cleanup says, and nothing else', async () => {
    const sandboxes = busy();
    for (const name of ['all', 'empty', 'full', 'keep', 'touched'])
      sandboxes.prepare(path(name), name === 'keep' ? false : 'default');
    writeFileSync(join(path('all'), 'file'), '');
    writeFileSync(join(path('full'), 'file'), '');
    writeFileSync(join(path('touched'), 'file'), '');
    rmSync(join(path('touched'), 'file'));
    sandboxes.release(path('all'), true, false);
    for (const name of ['empty', 'full', 'touched'])
      sandboxes.release(path(name), 'default', false);
    sandboxes.release(path('keep'), false, false);
    await sandboxes.close();
    expect(readdirSync(join(root, 'a', 'b')).sort()).toEqual(['full', 'keep']);
  });

  it('throws what the system says', () => {
    writeFileSync(join(root, 'a'), '');
    expect(() => busy().prepare(path('1'), 'default')).toThrow(/ENOTDIR|EEXIST/);
  });
});
