import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { converse } from './scenario.ts';

const folder = new URL('./cases/', import.meta.url);

// `vitest run test/scenarios -u` rewrites the answers; the difference is the review.
describe('the manager in conversation', () => {
  for (const file of readdirSync(folder).sort()) {
    it(file.replace('.txt', '').replaceAll('-', ' '), async () => {
      const path = new URL(file, folder).pathname;
      await expect(converse(readFileSync(path, 'utf8'))).toMatchFileSnapshot(path);
    });
  }
});
