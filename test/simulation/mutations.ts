/**
 * `npm run simulate:bugs -- [WORDS]`: plants bugs one at a time in a copy, and says what the simulation
 * makes of each, or the test that sees it. A bug that nothing notices is a promise that nobody keeps.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BUGS } from './bugs.ts';

/** As many as CI has. */
const RUNS = 10_000;

const SIMULATION = ['--conditions=@pstar/source', '--import', 'tsx', 'test/simulation/main.ts'];
/** The large one is shared; those of packages are links, to the copy's own packages. */
const SHARED = 'node_modules';
const NOT_COPIED = [SHARED, 'packages/core/dist', 'bench/dist', '.git'];

const root = fileURLToPath(new URL('../../', import.meta.url));
const wanted = process.argv.slice(2).join(' ');
const copy = mkdtempSync(join(tmpdir(), 'pstar-mutations-'));
process.once('exit', () => rmSync(copy, { recursive: true, force: true }));
const left = NOT_COPIED.map((path) => join(root, path));
cpSync(root, copy, {
  recursive: true,
  verbatimSymlinks: true,
  filter: (path) => !left.includes(path),
});
symlinkSync(join(root, SHARED), join(copy, SHARED));

/** Runs a program in the copy, and says what it wrote. */
function run(bug: string, words: readonly string[]): { stdout: string; stderr: string } {
  const options = { cwd: copy, encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' } } as const;
  const { stdout, stderr, signal, error } = spawnSync(process.execPath, words, options);
  if (error || signal) throw new Error(`${bug}: its run was ended by ${error ?? signal}`);
  return { stdout, stderr };
}

/** What the first run of the simulation that fails has to say, and its number. */
function bySimulation(bug: string): string | undefined {
  const { stdout, stderr } = run(bug, [...SIMULATION, '--first', `--runs=${RUNS}`]);
  const [, seed, rule] = /^seed (\d+), at [\d.]+ ms: (.*?)(?::|$)/m.exec(stdout) ?? [];
  const [last = ''] = stderr.trim().split('\n').slice(-1);
  return rule === undefined ? last || undefined : `${rule} (${seed})`;
}

/** The first of a test's cases that fails. */
function byTest(bug: string, test: string): string | undefined {
  const { stderr } = run(bug, ['node_modules/vitest/vitest.mjs', 'run', '--bail', '1', test]);
  const [, title] = /^ FAIL .*? > (.*)$/m.exec(stderr) ?? [];
  return title && `\`${basename(test)}\`: *${title}*`;
}

const plans = BUGS.filter((each) => each.bug.includes(wanted)).map((each) => {
  const path = join(copy, 'packages/core/src', each.file);
  const source = readFileSync(path, 'utf8');
  const isThere = source.includes(each.from);
  if (!isThere) throw new Error(`${each.bug}: ${each.file} has no such text: ${each.from}`);
  return { ...each, path, source };
});

let missed = 0;
for (const { bug, path, source, from, to, test } of plans) {
  writeFileSync(path, source.replace(from, to));
  const found = test === undefined ? bySimulation(bug) : byTest(bug, test);
  writeFileSync(path, source);
  process.stdout.write(`| ${bug} | ${found ?? 'NOTHING'} |\n`);
  if (found === undefined) missed++;
}
process.exitCode = missed > 0 ? 1 : 0;
