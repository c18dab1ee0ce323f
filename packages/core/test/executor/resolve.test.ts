import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ExecutableFinder } from '../../src/executor/resolve.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'resolve-test-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function program(...parts: string[]): string {
  const path = join(root, ...parts);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, '', { mode: 0o755 });
  return path;
}

describe('ExecutableFinder', () => {
  it('takes the first executable file of that name', () => {
    const [first, second] = [program('one', 'tool'), program('two', 'tool')];
    mkdirSync(join(root, 'zero', 'tool'), { recursive: true });
    const path = ['zero', 'one', 'two'].map((name) => join(root, name)).join(':');
    const finder = new ExecutableFinder();
    expect(finder.find('tool', path, '/')).toBe(first);
    rmSync(first);
    finder.forget();
    expect(finder.find('tool', path, '/')).toBe(second);
    expect(finder.find('other', path, '/')).toBeUndefined();
  });

  it('leaves paths as they are', () => {
    expect(new ExecutableFinder().find('./tool', '/bin', '/')).toBe('./tool');
  });

  it('takes relative and empty directories from the working directory, each time', () => {
    const [here, there] = [program('here', 'tool'), program('there', 'tool')];
    const finder = new ExecutableFinder();
    expect(finder.find('tool', ':/nowhere', join(root, 'here'))).toBe(here);
    expect(finder.find('tool', ':/nowhere', join(root, 'there'))).toBe(there);
    expect(finder.find('tool', 'here', root)).toBe(here);
  });
});
