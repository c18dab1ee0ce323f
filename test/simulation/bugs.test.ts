import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { BUGS } from './bugs.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

it('every bug has a place where it can be planted, and a test that is there', () => {
  for (const { bug, file, from, test } of BUGS) {
    expect(readFileSync(join(root, 'packages/core/src', file), 'utf8'), bug).toContain(from);
    if (test !== undefined) expect(readFileSync(join(root, test), 'utf8'), bug).not.toBe('');
  }
});
