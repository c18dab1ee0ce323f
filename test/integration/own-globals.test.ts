/**
 * Test runners that give each file globals of its own, as Jest does: Node's errors are no instances of their
 * Error there, and their typed arrays are not of one kind with its Buffer.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';

const CONFIG = new URL('programs/own-globals.config.ts', import.meta.url).pathname;
const VITEST = dirname(createRequire(import.meta.url).resolve('vitest/package.json'));

it('works in tests that have globals of their own', async () => {
  const store = await mkdtemp(join(tmpdir(), 'pstar-own-globals-'));
  try {
    const run = [join(VITEST, 'vitest.mjs'), 'run', '--config', CONFIG];
    const child = spawn(process.execPath, run, {
      env: { ...process.env, PSTAR_TEST_STORE: store },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [[exitCode], ...said] = await Promise.all([
      once(child, 'close'),
      text(child.stdout),
      text(child.stderr),
    ]);
    expect(exitCode, said.join('\n')).toBe(0);
  } finally {
    await rm(store, { recursive: true, force: true });
  }
}, 60_000);
