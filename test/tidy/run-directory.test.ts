/** What a run of tests leaves in the temporary directory: nothing, also where a test fails or is killed. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { root } from './repository.ts';

const scratch = mkdtempSync(join(tmpdir(), 'pstar-test-'));
const TMPDIR = join(scratch, 'tmp');

afterAll(() => rmSync(scratch, { recursive: true }));

const LEAVES_A_DIRECTORY = `
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
const left = mkdtempSync(join(tmpdir(), 'left-'));
writeFileSync(new URL(import.meta.url).pathname + '.left', left);
`;

it('everything goes with the run', () => {
  mkdirSync(TMPDIR);
  // Nothing has this process id: as a run that was killed leaves it.
  mkdirSync(join(TMPDIR, 'pstar-run-4194305-1-abcdef'));
  const globalSetup = [join(root, 'tools/run-directory.ts')];
  const config = { test: { globalSetup, globals: true, include: ['*.test.mjs'] } };
  writeFileSync(join(scratch, 'vitest.config.mjs'), `export default ${JSON.stringify(config)};`);
  const bodies = {
    fails: `test('it', () => expect(1).toBe(2));`,
    killed: `test('it', () => process.kill(process.pid, 'SIGKILL'));`,
  };
  for (const [name, body] of Object.entries(bodies)) {
    writeFileSync(join(scratch, `${name}.test.mjs`), `${LEAVES_A_DIRECTORY}${body}`);
  }
  const args = [join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--root', scratch];
  const env = { ...process.env, TMPDIR };
  const { status, stdout } = spawnSync(process.execPath, args, { env, encoding: 'utf8' });
  expect(status, stdout).toBe(1);
  for (const name of Object.keys(bodies)) {
    const left = readFileSync(join(scratch, `${name}.test.mjs.left`), 'utf8');
    expect(dirname(dirname(left))).toBe(TMPDIR);
  }
  expect(readdirSync(TMPDIR)).toEqual([]);
});
