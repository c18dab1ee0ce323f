/** The test library by itself, as a C program sees it, under AddressSanitizer with its leak check. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { buildDriver, layouts } from './build.ts';
import type { Counters } from './fixture.ts';

describe.concurrent('the DRMAA 2 library of the tests', () => {
  it.each(layouts)(
    'does all that a program may ask of layout %s, and leaks nothing',
    async (layout) => {
      const driver = await buildDriver({ layout, sanitize: 'address' });
      const root = await mkdtemp(join(tmpdir(), 'pstar-drmaa2-'));
      try {
        const env = { PATH: process.env['PATH'], HOME: root, DRMAA2_TEST_ROOT: root };
        const { stdout } = await promisify(execFile)(driver, { env });
        const { pid: _, misused, foreign: __, ...kinds } = JSON.parse(stdout) as Counters;
        expect(misused).toBe(0);
        expect(Object.keys(kinds)).toHaveLength(18);
        for (const [kind, count] of Object.entries(kinds)) {
          expect([kind, count]).toEqual([
            kind,
            { created: expect.any(Number), freed: expect.any(Number) },
          ]);
          if (typeof count === 'object') expect([kind, count.freed]).toEqual([kind, count.created]);
        }
      } finally {
        await rm(root, { recursive: true });
      }
    },
    120_000,
  );
});
