/**
 * Runs every check of the project, the same here and in CI, and counts them.
 *
 * `npm test` runs all; `npm test -- lint unit` those named. A step shows what it wrote only when it
 * failed, or with --verbose. A failing step does not stop the next ones: one run shows everything.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { prepare } from './setup.mjs';

/** @typedef {{ passed: number, failed: number, skipped: number }} Count */
/** @typedef {{ ok: boolean, output: string, seconds: number }} Outcome */
/** @typedef {{ name: string, neededBy?: string, args?: string[], count?: (ok: boolean) => Count }} Step */

const root = fileURLToPath(new URL('../', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'pstar-verify-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));

/**
 * Each step is the script of that name in package.json. These keep the processor busy, one after the
 * other: the build comes first, for others read it.
 *
 * @type {readonly Step[]}
 */
const BUSY = [
  { name: 'build' },
  { name: 'lint' },
  { name: 'deps' },
  { name: 'unused' },
  { name: 'api:check' },
  tests('unit'),
  { name: 'packages' },
  { name: 'docs', args: ['--emit', 'none'] },
];

/**
 * Beside them: tests that wait most of the time, and before them what they run against and npm does not
 * bring, from the system's packages.
 *
 * @type {readonly Step[]}
 */
const WAITING = [{ name: 'clusters', neededBy: 'waiting' }, tests('waiting')];

const verbose = process.argv.includes('--verbose');
const wanted = process.argv.slice(2).filter((word) => word !== '--verbose');

/**
 * The tests of one project of vitest.config.ts.
 *
 * @param {string} name
 * @returns {Step}
 */
function tests(name) {
  const report = join(scratch, `${name}.json`);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  return { name, args: reporters, count: (ok) => countTests(ok, report) };
}

/**
 * @param {boolean} ok
 * @returns {Count}
 */
function countStep(ok) {
  return { passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0 };
}

/**
 * One for each test, and one for a file that failed before it had any.
 *
 * @param {boolean} ok
 * @param {string} file
 * @returns {Count}
 */
function countTests(ok, file) {
  let report;
  try {
    report = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return countStep(false);
  }
  let failed = report.numFailedTests;
  for (const { status, assertionResults } of report.testResults) {
    /** @type {{ status: string }[]} */
    const tests = assertionResults;
    if (status === 'failed' && !tests.some((test) => test.status === 'failed')) failed += 1;
  }
  // An error outside of every test fails the run and stands nowhere in the report.
  if (!ok && failed === 0) failed = 1;
  return {
    passed: report.numPassedTests,
    failed,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/**
 * @param {Step} step
 * @returns {Promise<Outcome>}
 */
function runScript({ name, args = [] }) {
  const start = performance.now();
  return new Promise((resolve) => {
    const child = spawn('npm', ['run', '--silent', name, '--', ...args], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1' },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      createInterface(stream).on('line', (line) => {
        output += `${line}\n`;
        // Two are run at once.
        if (verbose) process.stdout.write(`${name}: ${line}\n`);
      });
    }
    /** @param {boolean} ok */
    const end = (ok) => resolve({ ok, output, seconds: (performance.now() - start) / 1000 });
    child.on('error', (error) => {
      output += error.message;
      end(false);
    });
    child.on('close', (code) => end(code === 0));
  });
}

/** @returns {Promise<Outcome>} */
async function runPrepare() {
  const start = performance.now();
  const seconds = () => (performance.now() - start) / 1000;
  try {
    prepare();
    return { ok: true, output: '', seconds: seconds() };
  } catch (error) {
    const output = error instanceof Error ? error.message : String(error);
    return { ok: false, output, seconds: seconds() };
  }
}

/**
 * Says how a step went.
 *
 * @param {string} name
 * @param {Outcome} outcome
 */
function tell(name, { ok, output, seconds }) {
  const words = `${name.padEnd(12)}${ok ? 'ok    ' : 'FAILED'}${seconds.toFixed(1).padStart(7)} s\n`;
  process.stdout.write(words);
  if (!ok && !verbose) process.stdout.write(`\n${output.trim()}\n\n`);
}

/** @param {Step} step */
function isWanted({ name, neededBy }) {
  if (wanted.length === 0) return true;
  return wanted.includes(name) || (neededBy !== undefined && wanted.includes(neededBy));
}

/**
 * Runs steps one after the other, and says of each how it went when it is over.
 *
 * @param {readonly Step[]} steps
 * @returns {Promise<Count[]>}
 */
async function runAll(steps) {
  const counts = [];
  for (const step of steps.filter(isWanted)) {
    const outcome = await runScript(step);
    tell(step.name, outcome);
    counts.push((step.count ?? countStep)(outcome.ok));
  }
  return counts;
}

/** @returns {Promise<Count>} */
async function verify() {
  const prepared = await runPrepare();
  tell('setup', prepared);
  const counts = [countStep(prepared.ok)];
  if (prepared.ok) {
    const both = await Promise.all([runAll(BUSY), runAll(WAITING)]);
    counts.push(...both.flat());
  }
  /** @param {keyof Count} key */
  const sum = (key) => counts.reduce((total, count) => total + count[key], 0);
  return { passed: sum('passed'), failed: sum('failed'), skipped: sum('skipped') };
}

const all = [...BUSY, ...WAITING].map(({ name }) => name);
const unknown = wanted.filter((name) => !all.includes(name));
if (unknown.length > 0) {
  process.stderr.write(`no step is called ${unknown.join(', ')}; there are ${all.join(', ')}\n`);
  process.exit(2);
}
const { passed, failed, skipped } = await verify();
process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`);
process.exitCode = failed === 0 ? 0 : 1;
