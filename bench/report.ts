/** Results as people read them: a table for the terminal and for README.md, JSON for everything else. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { arch, cpus, loadavg, release, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Result } from './harness.ts';

/** What is measured against, where it is installed. */
const OTHERS = ['cc', 'xargs', 'parallel'];

/** Where and when it was measured. */
export interface Circumstances {
  readonly date: string;
  readonly machine: string;
  readonly versions: string;
  readonly rounds: string;
}

const README = new URL('./README.md', import.meta.url);
const RESULTS = new URL('./results/', import.meta.url);
const HERE = fileURLToPath(new URL('./', import.meta.url));
const BEGIN = '<!-- measured: begin (written by `pnpm bench --write`) -->';
const END = '<!-- measured: end -->';

/** Of this machine, now: to be asked before anything is measured. */
export function circumstances(): Omit<Circumstances, 'rounds'> {
  const [cpu] = cpus();
  const [load = 0] = loadavg();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  return {
    date: new Date().toISOString().slice(0, 16).replace('T', ' '),
    machine: `${cpus().length} × ${cpu?.model.trim() ?? arch()}, ${memory}, Linux ${release()}, load ${load.toFixed(1)} before`,
    versions: [`Node ${process.version}`, git('describe', '--always', '--dirty'), ...others()].join(
      ', ',
    ),
  };
}

/** The first line that each has to say about itself. */
function others(): string[] {
  return OTHERS.flatMap((program) => {
    const { stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' });
    return stdout ? [stdout.split('\n', 1).join()] : [];
  });
}

function git(...words: string[]): string {
  try {
    return `commit ${execFileSync('git', words, { cwd: HERE, encoding: 'utf8' }).trim()}`;
  } catch {
    return 'no repository';
  }
}

/** The rows of the table, cells as text. */
function cells(result: Result): string[] {
  const { bench, title, unit, target, values, median, low, high, met } = result;
  const bound =
    target === undefined
      ? ''
      : 'below' in target
        ? `< ${show(target.below)}`
        : `≥ ${show(target.atLeast)}`;
  const verdict = met === undefined ? '' : met ? 'yes' : 'no';
  const spread = `${show(low)} – ${show(high)}`;
  return [bench, title, `${show(median)} ${unit}`, spread, `${values.length}`, bound, verdict];
}

const HEAD = ['bench', 'figure', 'median', 'lowest – highest', 'rounds', 'target', 'met'];

/** Columns for a terminal. */
export function textTable(results: readonly Result[]): string {
  const rows = [HEAD, ...results.map(cells)];
  const widths = HEAD.map((_, at) => Math.max(...rows.map((row) => (row[at] ?? '').length)));
  const line = (row: string[]): string =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd();
  return rows.map(line).join('\n');
}

function markdownTable(results: readonly Result[]): string {
  const rows = [HEAD, HEAD.map(() => '---'), ...results.map(cells)];
  return rows.map((row) => `| ${row.join(' | ')} |`).join('\n');
}

/** Writes results/NAME.json and returns its path. */
export function writeJson(name: string, at: Circumstances, results: readonly Result[]): string {
  mkdirSync(RESULTS, { recursive: true });
  const file = new URL(`${name}.json`, RESULTS);
  writeFileSync(file, `${JSON.stringify({ ...at, results }, undefined, 2)}\n`);
  return fileURLToPath(file);
}

/** Puts the table between the markers of README.md. */
export function writeReadme(at: Circumstances, results: readonly Result[]): void {
  const text = readFileSync(README, 'utf8');
  const [before, rest = ''] = text.split(BEGIN);
  const after = rest.split(END)[1];
  if (before === undefined || after === undefined)
    throw new Error(`${README.pathname} has lost its markers`);
  const where = `${at.machine}; ${at.versions}; ${at.date} UTC; ${at.rounds}.`;
  writeFileSync(
    README,
    `${before}${BEGIN}\n\n${where}\n\n${markdownTable(results)}\n\n${END}${after}`,
  );
}

/** Three digits that count, with separators where there are more. */
function show(value: number): string {
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value) || 1)));
  const rounded = Number(value.toPrecision(3));
  return rounded.toLocaleString('en-US', { maximumFractionDigits: Math.min(digits, 3) });
}
