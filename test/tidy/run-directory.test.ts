/** What a run of tests leaves in the temporary directory: nothing, also where a test fails or is killed. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { statOf } from '../../packages/core/src/adaptor/local-process.ts';
import { mountsBelow } from '../../packages/core/test/support/mounts.ts';
import { cannotMount } from '../../packages/core/test/support/tmpfs.ts';
import { root } from './repository.ts';

const scratch = mkdtempSync(join(tmpdir(), 'pstar-test-'));
const TMPDIR = join(scratch, 'tmp');

afterAll(() => rmSync(scratch, { recursive: true }));

/** A file of tests of this name, and what comes of a run of it with that configuration. */
function write(name: string, body: string): void {
  writeFileSync(join(scratch, `${name}.test.mjs`), body);
}

function runTests(names: readonly string[], globalSetup: readonly string[]) {
  const include = names.map((name) => `${name}.test.mjs`);
  const config = { test: { globalSetup, globals: true, include } };
  writeFileSync(join(scratch, 'vitest.config.mjs'), `export default ${JSON.stringify(config)};`);
  const args = [join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--root', scratch];
  const env = { ...process.env, TMPDIR };
  return spawnSync(process.execPath, args, { env, encoding: 'utf8' });
}

const LEAVES_A_DIRECTORY = `
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
const left = mkdtempSync(join(tmpdir(), 'left-'));
writeFileSync(new URL(import.meta.url).pathname + '.left', left);
`;

/** A process with a session of its own, as agents have. */
const LEAVES_A_PROCESS = `
import { spawn } from 'node:child_process';
const child = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
writeFileSync(new URL(import.meta.url).pathname + '.pid', String(child.pid));
`;

/** A disk over the directory, by what is exported there. */
function leavesADisk(file: string, mount: string): string {
  if (cannotMount()) return '';
  const path = JSON.stringify(join(root, 'packages/core/test/support', file));
  return `import * as support from ${path};\nsupport.${mount}(left, 'size=64k');\n`;
}

it('everything goes with the run', () => {
  mkdirSync(TMPDIR);
  // Nothing has this process id: as a run that was killed leaves it.
  mkdirSync(join(TMPDIR, 'pstar-run-4194305-1-abcdef'));
  const bodies = {
    fails: `test('it', () => expect(1).toBe(2));`,
    killed: `test('it', () => process.kill(process.pid, 'SIGKILL'));`,
  };
  const disk = leavesADisk('mounts.ts', 'mountTmpfs');
  for (const [name, body] of Object.entries(bodies)) {
    write(name, `${LEAVES_A_DIRECTORY}${LEAVES_A_PROCESS}${disk}${body}`);
  }
  const names = Object.keys(bodies);
  const { status, stdout } = runTests(names, [join(root, 'tools/run-directory.ts')]);
  expect(status, stdout).toBe(1);
  for (const name of names) {
    const left = readFileSync(join(scratch, `${name}.test.mjs.left`), 'utf8');
    expect(dirname(dirname(left))).toBe(TMPDIR);
    const pid = Number(readFileSync(join(scratch, `${name}.test.mjs.pid`), 'utf8'));
    expect([undefined, 'Z']).toContain(statOf(pid)?.state);
  }
  expect(readdirSync(TMPDIR)).toEqual([]);
});

it.skipIf(cannotMount())(
  'a disk goes with the tests of its file, also where one waits for ever',
  () => {
    const disk = leavesADisk('tmpfs.ts', 'Tmpfs.mount');
    write('waits', `${LEAVES_A_DIRECTORY}${disk}test('it', () => new Promise(() => {}), 50);`);
    const { status, stdout } = runTests(['waits'], []);
    expect(status, stdout).toBe(1);
    expect(mountsBelow(scratch)).toEqual([]);
    rmSync(readFileSync(join(scratch, 'waits.test.mjs.left'), 'utf8'), { recursive: true });
  },
);
