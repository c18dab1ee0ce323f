import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LARGE_BYTES } from '../../src/protocol/transfer-messages.ts';
import { copyTree } from '../../src/staging/copy-tree.ts';
import { scratch } from './pair.ts';

describe('a copy of a directory', () => {
  it('has all files, links and modes, and leaves large files to its caller', () => {
    const [from, to] = [join(scratch(), 'from'), join(scratch(), 'to')];
    mkdirSync(join(from, 'a/empty'), { recursive: true });
    writeFileSync(join(from, 'a/some'), 'content');
    writeFileSync(join(from, 'a/none'), '');
    writeFileSync(join(from, 'just'), Buffer.alloc(LARGE_BYTES, 7));
    writeFileSync(join(from, 'large'), Buffer.alloc(LARGE_BYTES + 1, 7));
    symlinkSync('nowhere/at all', join(from, 'a/link'));
    chmodSync(join(from, 'a/some'), 0o476);
    chmodSync(join(from, 'a'), 0o773);
    const large = [...copyTree(from, to)].filter((each) => each !== undefined);
    expect(large).toEqual([{ from: join(from, 'large'), to: join(to, 'large') }]);
    expect(readdirSync(to, { recursive: true }).sort()).toEqual(
      ['a', 'a/empty', 'a/link', 'a/none', 'a/some', 'just'].sort(),
    );
    expect(readFileSync(join(to, 'a/some'), 'utf8')).toBe('content');
    expect(statSync(join(to, 'a/some')).mode & 0o777).toBe(0o476);
    expect(statSync(join(to, 'a')).mode & 0o777).toBe(0o773);
    expect(readlinkSync(join(to, 'a/link'))).toBe('nowhere/at all');
    expect(lstatSync(join(to, 'just')).size).toBe(LARGE_BYTES);
    expect(lstatSync(join(to, 'just')).ino).not.toBe(lstatSync(join(from, 'just')).ino);
  });

  it('has others have their turn between a few files', () => {
    const from = scratch();
    for (let i = 0; i < 320; i++) writeFileSync(join(from, `${i}`), '');
    expect([...copyTree(from, join(scratch(), 'to'))].length).toBeGreaterThanOrEqual(5);
  });
});
