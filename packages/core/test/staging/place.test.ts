/** Putting what was staged where it belongs: whole or not at all, and never by way of what lies there. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Staged } from '../../src/staging/incoming.ts';
import { type Appended, type Placing, placeNow } from '../../src/staging/place.ts';
import { cannotMount, Tmpfs } from '../support/tmpfs.ts';
import { scratch } from './pair.ts';

const text = (path: string): string => readFileSync(path, 'utf8');

function staged(what: string | Record<string, string>): Staged {
  const path = join(scratch(), 'staged');
  const isDirectory = typeof what !== 'string';
  if (!isDirectory) writeFileSync(path, what);
  else {
    mkdirSync(path);
    for (const [name, content] of Object.entries(what)) {
      mkdirSync(join(path, name, '..'), { recursive: true });
      writeFileSync(join(path, name), content);
    }
  }
  return { path, isDirectory, bytes: 0, modes: [] };
}

const at = (target: string, more: Partial<Placing> = {}): Placing => ({
  target,
  name: 'own',
  append: false,
  ...more,
});

describe('a file', () => {
  it('replaces one, or a link to one, and goes into a directory, or through a link to one', () => {
    const to = scratch();
    writeFileSync(join(to, 'old'), 'old');
    mkdirSync(join(to, 'directory'));
    symlinkSync('old', join(to, 'link'));
    symlinkSync('directory', join(to, 'through'));
    placeNow(staged('1'), at(join(to, 'link')));
    expect([text(join(to, 'old')), text(join(to, 'link'))]).toEqual(['old', '1']);
    placeNow(staged('1'), at(join(to, 'old')));
    expect(text(join(to, 'old'))).toBe('1');
    placeNow(staged('2'), at(join(to, 'directory')));
    expect(text(join(to, 'directory', 'own'))).toBe('2');
    placeNow(staged('3'), at(`${join(to, 'through')}/`));
    expect(text(join(to, 'directory', 'own'))).toBe('3');
  });

  it.each(['', '.', '..', 'a/b'])('has no own name that is %j', (name) => {
    const to = scratch();
    expect(() => placeNow(staged('x'), at(to, { name }))).toThrow('is a directory');
    expect(readdirSync(to)).toEqual([]);
  });

  it('never takes the place of a pipe or a device', () => {
    // Not /dev/null: who breaks this, as root, must not break the machine as well.
    const pipe = join(scratch(), 'pipe');
    execFileSync('mkfifo', [pipe]);
    expect(() => placeNow(staged('x'), at(pipe))).toThrow('is no file');
    expect(statSync(pipe).isFIFO()).toBe(true);
  });

  it('has directories made for it, as others of this program, and names what is in their way', () => {
    const to = scratch();
    const target = join(to, 'a', 'b', 'c');
    placeNow(staged('x'), at(target));
    placeNow(staged('y'), at(join(to, 'logs', 'all'), { append: true }));
    placeNow(staged('z'), at(`${join(to, 'into')}/`));
    expect([target, join(to, 'logs/all'), join(to, 'into/own')].map(text)).toEqual(['x', 'y', 'z']);
    expect(statSync(join(to, 'a')).mode & 0o777).toBe(0o777 & ~process.umask());
    const behind = join(target, 'd');
    expect(() => placeNow(staged('x'), at(behind))).toThrow(/c\/d cannot be written on .*ENOTDIR/);
    expect(text(target)).toBe('x');
  });

  it('is added to another, or to nothing', () => {
    const to = scratch();
    for (const line of ['1\n', '2\n']) {
      placeNow(staged(line), at(join(to, 'log'), { append: true }));
    }
    expect(text(join(to, 'log'))).toBe('1\n2\n');
    symlinkSync('log', join(to, 'link'));
    expect(() => placeNow(staged('3\n'), at(join(to, 'link'), { append: true }))).toThrow('ELOOP');
  });

  it('is added once, though that was asked for again after a crash', () => {
    const target = join(scratch(), 'log');
    const add = (content: string, begun?: Appended): Appended[] => {
      const told: Appended[] = [];
      const once = { begun, begin: (appended: Appended) => void told.push(appended) };
      placeNow(staged(content), at(target, { append: true, once }));
      return told;
    };
    writeFileSync(target, 'before\n');
    const [mine] = add('mine\n');
    expect(mine).toEqual({ target, at: 7 });
    expect(add('mine\n', mine)).toEqual([]);
    add('later\n');
    expect(add('mine\n', mine)).toEqual([]);
    expect(text(target)).toBe('before\nmine\nlater\n');
    // A part of it, as of a program that was killed while it wrote.
    writeFileSync(target, 'before\nmi');
    expect(add('mine\n', mine)).toEqual([mine]);
    expect(text(target)).toBe('before\nmine\n');
    // Never begun, and something else in its place.
    for (const [left, all] of [
      ['before\n', 'before\nmine\n'],
      ['before\nother\n', 'before\nother\nmine\n'],
      ['', 'mine\n'],
    ] as const) {
      writeFileSync(target, left);
      expect(add('mine\n', mine)).toHaveLength(1);
      expect(text(target)).toBe(all);
    }
  });

  it.skipIf(cannotMount())('that does not fit leaves what it was added to as it was', () => {
    const disk = Tmpfs.mount(scratch(), 'size=1m');
    onTestFinished(() => disk[Symbol.dispose]());
    const target = join(disk.path, 'log');
    writeFileSync(target, 'before\n');
    const big = staged('x'.repeat(3_000_000));
    for (const append of [true, false]) {
      expect(() => placeNow(big, at(target, { append }))).toThrow('ENOSPC');
      expect(text(target)).toBe('before\n');
      expect(readdirSync(disk.path)).toEqual(['log']);
    }
    placeNow(staged('small'), at(target));
    expect(text(target)).toBe('small');
  });
});

describe('a directory', () => {
  it('is renamed where nothing is, and merged where one is', () => {
    const to = join(scratch(), 'tree');
    placeNow(staged({ a: '1', 'sub/b': '1' }), at(to));
    writeFileSync(join(to, 'sub', 'kept'), 'kept');
    placeNow(staged({ a: '2', 'sub/b': '2', 'new/c': '2' }), at(to));
    const all = ['a', 'sub/b', 'sub/kept', 'new/c'].map((name) => text(join(to, name)));
    expect(all).toEqual(['2', '2', 'kept', '2']);
  });

  it('is not merged by way of links, nor over what is of another kind', () => {
    const outside = scratch();
    const to = scratch();
    writeFileSync(join(outside, 'file'), 'as it was');
    symlinkSync(outside, join(to, 'sub'));
    expect(() => placeNow(staged({ 'sub/file': 'bad' }), at(to))).toThrow('no directory');
    symlinkSync(join(outside, 'file'), join(to, 'link'));
    placeNow(staged({ link: 'good' }), at(to));
    expect(lstatSync(join(to, 'link')).isFile()).toBe(true);
    expect(text(join(outside, 'file'))).toBe('as it was');
    mkdirSync(join(to, 'name'));
    expect(() => placeNow(staged({ name: 'bad' }), at(to))).toThrow('a directory');
    writeFileSync(join(to, 'plain'), 'as it was');
    expect(() => placeNow(staged({ x: '1' }), at(join(to, 'plain')))).toThrow('ENOTDIR');
    expect(text(join(to, 'plain'))).toBe('as it was');
  });

  it('gets modes that would have been in its own way at last', () => {
    const to = join(scratch(), 'tree');
    const tree = { ...staged({ 'sub/b': '1' }), modes: [['sub', 0o555]] as const };
    placeNow(tree, at(to));
    expect(statSync(join(to, 'sub')).mode & 0o777).toBe(0o555);
    chmodSync(join(to, 'sub'), 0o755);
    expect(existsSync(tree.path)).toBe(false);
  });

  it('cannot be added to anything', () => {
    expect(() => placeNow(staged({}), at(join(scratch(), 'x'), { append: true }))).toThrow(
      'cannot be appended',
    );
  });
});
