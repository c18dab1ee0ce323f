/**
 * `npm run simulate -- --seed S --runs N`: as many runs as wanted, one seed after the other. What fails is
 * shrunk and written down in kept/, to be run by CI from then on. `--plan FILE` runs such a file;
 * `--first` ends with the first failure, as it is.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Plan, shrink } from './plan.ts';
import { type Outcome, SimulationError, simulate, simulatePlan } from './simulate.ts';

const KEPT = new URL('kept/', import.meta.url);
/** Where many fail the first few say enough. */
const SHRUNK_MAX = 5;

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    runs: { type: 'string', default: '1000' },
    plan: { type: 'string' },
    first: { type: 'boolean', default: false },
  },
});
const say = (line: string): void => void process.stdout.write(`${line}\n`);

if (values.plan === undefined) await runAll(Number(values.seed), Number(values.runs));
else {
  const outcome = await simulatePlan(JSON.parse(readFileSync(values.plan, 'utf8')) as Plan);
  say(JSON.stringify(outcome));
}

async function runAll(first: number, runs: number): Promise<void> {
  const began = performance.now();
  const seconds = () => (performance.now() - began) / 1000;
  const sum = { units: 0, processes: 0, promised: 0, deaths: 0, steps: 0, milliseconds: 0 };
  let failures = 0;
  let shown = 0;
  for (let seed = first; seed < first + runs; seed++) {
    try {
      const outcome = await simulate(seed);
      for (const key of Object.keys(sum) as (keyof Outcome)[]) sum[key] += outcome[key];
    } catch (error) {
      if (!(error instanceof SimulationError)) throw error;
      say(error.message);
      failures++;
      if (values.first) break;
      if (failures <= SHRUNK_MAX) await keepShrunk(error);
    }
    if (seconds() - shown < 10) continue;
    shown = seconds();
    const done = seed - first + 1;
    say(`${done} of ${runs} runs, ${Math.round(done / shown)} a second, ${failures} failed`);
  }
  const sums = Object.entries(sum).map(([what, count]) => `${Math.round(count)} ${what}`);
  say(`${runs} runs in ${seconds().toFixed(1)} s, ${failures} failed: ${sums.join(', ')}`);
  process.exitCode = failures > 0 ? 1 : 0;
}

async function keepShrunk({ plan, rule }: SimulationError): Promise<void> {
  const failsAlike = (candidate: Plan): Promise<boolean> =>
    simulatePlan(candidate).then(
      () => false,
      (error: unknown) => error instanceof SimulationError && error.rule === rule,
    );
  const least = await shrink(plan, failsAlike);
  const file = new URL(`seed-${plan.seed}.json`, KEPT);
  mkdirSync(KEPT, { recursive: true });
  writeFileSync(file, `${JSON.stringify(least, null, 2)}\n`);
  const steps = least.steps.map(({ at, what }) => `  ${at} ms: ${what}`);
  say(`shrunk from ${plan.steps.length} steps to ${steps.length}, in ${file.pathname}:`);
  say(steps.join('\n'));
}
