import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { expect, it } from 'vitest';

const SOURCE = fileURLToPath(
  new URL('../../../src/service/agents/agent-files.ts', import.meta.url),
);

it('says that the package is to stay outside where a program is one file with it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'pstar-bundled-'));
  try {
    const outfile = join(folder, 'program.mjs');
    await build({ entryPoints: [SOURCE], bundle: true, format: 'esm', platform: 'node', outfile });
    const bundled = await import(pathToFileURL(outfile).href);
    expect(() => bundled.agentFile()).toThrow('leave @pstar/core out of the bundle');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
