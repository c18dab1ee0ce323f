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
import { fileURLToPath } from 'node:url';
import { prepare } from './setup.mjs';

/** @typedef {{ passed: number, failed: number, skipped: number }} Count */
/** @typedef {{ ok: boolean, output: string }} Outcome */
/** @typedef {{ name: string, neededBy?: string, args?: string[], count?: (ok: boolean) => Count }} Step */

const root = fileURLToPath(new URL('../', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'pstar-verify-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));
const testReport = join(scratch, 'tests.json');

/**
 * Each step is the script of that name in package.json. The build comes first: others read it.
 *
 * @type {readonly Step[]}
 */
const STEPS = [
  { name: 'build' },
  { name: 'lint' },
  { name: 'deps' },
  { name: 'unused' },
  { name: 'api:check' },
  // What the tests run against and npm does not bring: Slurm, OpenSSH, Grid Engine, from the system's packages.
  { name: 'clusters', neededBy: 'unit' },
  {
    name: 'unit',
    args: ['--reporter=default', '--reporter=json', `--outputFile.json=${testReport}`],
    count: countTests,
  },
  { name: 'packages' },
  { name: 'docs', args: ['--emit', 'none'] },
];

const verbose = process.argv.includes('--verbose');
const wanted = process.argv.slice(2).filter((word) => word !== '--verbose');

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
 * @returns {Count}
 */
function countTests(ok) {
  let report;
  try {
    report = JSON.parse(readFileSync(testReport, 'utf8'));
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
  return new Promise((resolve) => {
    const child = spawn('npm', ['run', '--silent', name, '--', ...args], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1' },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        output += text;
        if (verbose) process.stdout.write(text);
      });
    }
    child.on('error', (error) => resolve({ ok: false, output: error.message }));
    child.on('close', (code) => resolve({ ok: code === 0, output }));
  });
}

/** @returns {Promise<Outcome>} */
async function runPrepare() {
  try {
    prepare();
    return { ok: true, output: '' };
  } catch (error) {
    return { ok: false, output: error instanceof Error ? error.message : String(error) };
  }
}

/**
 * Runs one step and says how it went.
 *
 * @param {string} name
 * @param {() => Promise<Outcome>} run
 */
async function step(name, run) {
  const label = name.padEnd(12);
  process.stdout.write(verbose ? `${name} …\n` : label);
  const start = performance.now();
  const { ok, output } = await run();
  const seconds = ((performance.now() - start) / 1000).toFixed(1).padStart(7);
  process.stdout.write(`${verbose ? label : ''}${ok ? 'ok    ' : 'FAILED'}${seconds} s\n`);
  if (!ok && !verbose) process.stdout.write(`\n${output.trim()}\n\n`);
  return ok;
}

/** @param {Step} step */
function isWanted({ name, neededBy }) {
  return wanted.includes(name) || (neededBy !== undefined && wanted.includes(neededBy));
}

/** @returns {Promise<Count>} */
async function verify() {
  const total = countStep(await step('setup', runPrepare));
  if (total.failed > 0) return total;
  for (const found of STEPS) {
    if (wanted.length > 0 && !isWanted(found)) continue;
    const ok = await step(found.name, () => runScript(found));
    const { passed, failed, skipped } = (found.count ?? countStep)(ok);
    total.passed += passed;
    total.failed += failed;
    total.skipped += skipped;
  }
  return total;
}

const unknown = wanted.filter((name) => !STEPS.some((known) => known.name === name));
if (unknown.length > 0) {
  const known = STEPS.map(({ name }) => name).join(', ');
  process.stderr.write(`no step is called ${unknown.join(', ')}; there are ${known}\n`);
  process.exit(2);
}
const { passed, failed, skipped } = await verify();
process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`);
process.exitCode = failed === 0 ? 0 : 1;
