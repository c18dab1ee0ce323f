import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { PSTAR_VERSION } from '../../src/protocol/version.ts';

it('names the version that is published', () => {
  const file = new URL('../../package.json', import.meta.url);
  expect(PSTAR_VERSION).toBe(JSON.parse(readFileSync(file, 'utf8')).version);
});
