/**
 * `pnpm bench [NAME…]`: measures, prints a table and writes results/NAME.json.
 *
 *     --rounds N   instead of each bench's own number
 *     --write      puts the table into README.md
 *     --tiny       a few units of everything, once: that it works, not how fast
 *     --source     from the sources instead of what was built
 *     --profile    leaves processor profiles of managers and agents in dist/profiles
 */
import { parseArgs } from 'node:util';
import { benches } from './benches/benches.ts';
import { measure, type Result } from './harness.ts';
import { circumstances, textTable, writeJson, writeReadme } from './report.ts';
import { openRounds } from './rounds.ts';
import { FULL, TINY } from './workloads.ts';

const flag = { type: 'boolean', default: false } as const;
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string' }, write: flag, tiny: flag, source: flag, profile: flag },
});
const { tiny, source, profile, write } = values;

const say = (line: string): void => void process.stderr.write(`${line}\n`);
await using rounds = await openRounds({ sizes: tiny ? TINY : FULL, source, profile });
const all = benches(rounds, say);
const names = all.map(({ name }) => name);
const unknown = positionals.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  throw new Error(`no bench is called ${unknown.join(', ')}; there are ${names.join(', ')}`);
}

const before = circumstances();
const results: Result[] = [];
const numbers: string[] = [];
for (const bench of all) {
  if (positionals.length > 0 && !positionals.includes(bench.name)) continue;
  const count = tiny ? 1 : Number(values.rounds ?? bench.rounds);
  numbers.push(`${count} of ${bench.name}`);
  results.push(...(await measure(bench, count, say)));
}
const at = { ...before, rounds: `rounds: ${numbers.join(', ')}` };
const file = writeJson(tiny ? 'tiny' : positionals.join('-') || 'all', at, results);
process.stdout.write(`${at.machine}; ${at.versions}; ${at.date} UTC\n\n${textTable(results)}\n`);
say(`written to ${file}`);
if (write) writeReadme(at, results);
