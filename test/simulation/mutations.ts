/**
 * `npm run simulate:bugs -- [WORDS]`: plants bugs one at a time in a copy, and says
 * what the simulation makes of each. A bug that nothing notices is a promise that nobody keeps.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BUGS } from './bugs.ts';

/** As many as CI has. */
const RUNS = 10_000;

const NODE = ['--conditions=@pstar/source', '--import', 'tsx'];

const root = fileURLToPath(new URL('../../', import.meta.url));
const wanted = process.argv.slice(2).join(' ');
const copy = mkdtempSync(join(tmpdir(), 'pstar-mutations-'));
process.once('exit', () => rmSync(copy, { recursive: true, force: true }));
for (const path of [
  'package.json',
  'tsconfig.json',
  'packages/core/package.json',
  'test/package.json',
]) {
  cpSync(join(root, path), join(copy, path));
}
for (const path of ['packages/core/src', 'test/simulation']) {
  cpSync(join(root, path), join(copy, path), { recursive: true });
}
for (const path of ['node_modules', 'packages/core/node_modules', 'test/node_modules']) {
  symlinkSync(join(root, path), join(copy, path));
}

let missed = 0;
for (const { bug, file, from, to } of BUGS.filter((each) => each.bug.includes(wanted))) {
  const path = join(copy, 'packages/core/src', file);
  const source = readFileSync(path, 'utf8');
  if (!source.includes(from)) throw new Error(`${bug}: ${file} has no such text any more: ${from}`);
  writeFileSync(path, source.replace(from, to));
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [...NODE, 'test/simulation/main.ts', '--first', `--runs=${RUNS}`],
    { cwd: copy, encoding: 'utf8' },
  );
  writeFileSync(path, source);
  const [, seed, rule] = /^seed (\d+), at [\d.]+ ms: (.*?)(?::|$)/m.exec(stdout) ?? [];
  const [last = ''] = stderr.trim().split('\n').slice(-1);
  const found = rule === undefined ? last : `${rule} (${seed})`;
  process.stdout.write(`| ${bug} | ${found || 'NOTHING'} |\n`);
  if (found === '') missed++;
}
process.exitCode = missed > 0 ? 1 : 0;
