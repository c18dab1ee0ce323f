/**
 * A scan of a model's parameter: the model is made once in each worker, by `init`, and then run for
 * every value. Results come in the order of the parameters, whoever has computed them.
 */
import { availableParallelism } from 'node:os';
import { PilotJobService, WorkUnitService } from '@pstar/core';
import { epidemic, init, type Parameters, spread } from './functions/epidemic.ts';
import { check } from './lib/check.ts';

const RUNS = 8;
const WIDTH = 50;

const infections = Array.from({ length: 24 }, (_, i) => (20 + 2 * i) / 100);
const scan: Parameters[] = infections.flatMap((infection) =>
  Array.from({ length: RUNS }, (_, seed) => ({ infection, seed: seed + 1 })),
);

await using pilots = await PilotJobService.open();
await using work = await WorkUnitService.open({ services: [pilots] });
await pilots.create('local://', { totalCpuCount: availableParallelism() });

const shares: number[] = [];
const workers = new Set<number>();
let sum = 0;
let done = 0;
for await (const { infected, networks, process } of work.map(epidemic, scan)) {
  check(networks === 1, `a worker has made its model ${networks} times`);
  workers.add(process);
  sum += infected;
  if (++done % RUNS !== 0) continue;
  const share = sum / RUNS;
  sum = 0;
  const infection = infections[shares.push(share) - 1] as number;
  const bar = '█'.repeat(Math.round(share * WIDTH));
  console.log(`${infection.toFixed(2)} ${bar.padEnd(WIDTH, '·')} ${(100 * share).toFixed(1)} %`);
}
console.log(`${done} runs in ${workers.size} workers, each of which has made its model once`);

check(done === scan.length, `${scan.length - done} runs are missing`);
check((shares.at(0) ?? 1) < 0.05, 'what hardly anybody passes on has spread');
check((shares.at(-1) ?? 0) > 0.8, 'what almost everybody passes on has not spread');
const network = init();
const [first] = shares;
const direct = Array.from({ length: RUNS }, (_, i) =>
  spread(network, { infection: 0.2, seed: i + 1 }),
);
const expected = direct.reduce((all, one) => all + one) / RUNS / network.people;
check(Math.abs((first ?? 0) - expected) < 1e-12, `${first} is not what it is here: ${expected}`);
