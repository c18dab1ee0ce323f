/** `pnpm simulate --seed S --runs N`: as many runs as wanted, one seed after the other. */
import { parseArgs } from 'node:util';
import { simulate } from './simulate.ts';

const { values } = parseArgs({
  options: { seed: { type: 'string', default: '1' }, runs: { type: 'string', default: '1000' } },
});
const first = Number(values.seed);
const runs = Number(values.runs);
const began = performance.now();
let failures = 0;
const sum = { units: 0, processes: 0, deaths: 0, steps: 0, milliseconds: 0 };
for (let seed = first; seed < first + runs; seed++) {
  try {
    const outcome = await simulate(seed);
    for (const key of Object.keys(sum) as (keyof typeof sum)[]) sum[key] += outcome[key];
  } catch (error) {
    failures++;
    process.stdout.write(`${(error as Error).message}\n`);
  }
}
const seconds = (performance.now() - began) / 1000;
const sums = Object.entries(sum).map(([what, count]) => `${Math.round(count)} ${what}`);
process.stdout.write(
  `${runs} runs in ${seconds.toFixed(1)} s, ${failures} failed: ${sums.join(', ')}\n`,
);
process.exitCode = failures > 0 ? 1 : 0;
