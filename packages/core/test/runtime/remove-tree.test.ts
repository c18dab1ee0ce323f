import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { removeTree } from '../../src/runtime/remove-tree.ts';
import { scratch } from '../staging/pair.ts';
import { fileRequestsOf } from '../support/file-requests.ts';

describe('removeTree', () => {
  it('removes all that is below a path, and nothing that links there lead to', async () => {
    const root = scratch();
    const tree = join(root, 'tree');
    mkdirSync(join(tree, 'a/b'), { recursive: true });
    writeFileSync(join(root, 'kept'), 'x');
    writeFileSync(join(tree, 'a/b/file'), 'x');
    symlinkSync(root, join(tree, 'a/link'));
    await removeTree(tree);
    expect(readdirSync(root)).toEqual(['kept']);
  });

  it('removes a file, a link itself, and what is not there', async () => {
    const root = scratch();
    mkdirSync(join(root, 'there'));
    symlinkSync(join(root, 'there'), join(root, 'link'));
    writeFileSync(join(root, 'file'), 'x');
    for (const name of ['file', 'link', 'nothing']) await removeTree(join(root, name));
    expect(readdirSync(root)).toEqual(['there']);
  });

  it('leaves the file system to others, however much there is', async () => {
    const tree = join(scratch(), 'tree');
    for (let i = 0; i < 4; i++) {
      mkdirSync(join(tree, `${i}`), { recursive: true });
      for (let j = 0; j < 100; j++) writeFileSync(join(tree, `${i}/${j}`), '');
    }
    const { count, atOnce } = await fileRequestsOf(() => removeTree(tree));
    expect(existsSync(tree)).toBe(false);
    expect(count).toBeGreaterThanOrEqual(404);
    expect(atOnce).toBeLessThanOrEqual(3);
  });
});
