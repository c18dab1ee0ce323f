/**
 * `node --import tsx test/simulation/mutations.ts [WORDS]`: plants bugs one at a time in a copy, and says
 * what the simulation makes of each. A bug that nothing notices is a promise that nobody keeps.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BUGS } from './bugs.ts';

const RUNS = 400;

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
    ['--conditions=@pstar/source', '--import', 'tsx', 'test/simulation/main.ts', `--runs=${RUNS}`],
    { cwd: copy, encoding: 'utf8' },
  );
  writeFileSync(path, source);
  const [, failed = '0'] = /runs in .*?, (\d+) failed/.exec(stdout) ?? [];
  const rules = [...stdout.matchAll(/^seed \d+, at [\d.]+ ms: (.*?)(?::|$)/gm)].map(
    ([, rule]) => rule,
  );
  const said =
    rules.length > 0
      ? [...new Set(rules)].slice(0, 3).join('; ')
      : stderr.trim().split('\n').at(-1);
  process.stdout.write(`| ${bug} | ${said || 'NOTHING'} (${failed}) |\n`);
  if (!said) missed++;
}
process.exitCode = missed > 0 ? 1 : 0;
