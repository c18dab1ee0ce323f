/** Units that are processes, against what else starts programs. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { compile, gnuParallel, spawnLoop, xargs } from '../ceilings.ts';
import { type Bench, type Figure, measured, type Round, ratio } from '../harness.ts';
import type { Rounds } from '../rounds.ts';

const PLAIN = 'process-units';
const C2 = 'C, 2 in flight';
const XARGS = 'xargs -P2';
const PARALLEL = 'GNU parallel -j2';
const GROWN = 'grown agent';
/** Kinds of workloads.ts, and what they have that the plain ones have not. */
const WITH_MORE = {
  files: 'output and error to a file each',
  sandboxes: 'a sandbox each',
  environment: '20 environment variables',
} as const;
const KINDS = Object.keys(WITH_MORE) as (keyof typeof WITH_MORE)[];

/** `/bin/true` through one pilot. */
export function processBench(rounds: Rounds, say: (line: string) => void): Bench {
  return {
    name: 'process',
    rounds: 7,
    runners: async () => {
      const count = rounds.sizes.processes;
      const program = await compile('spawn', rounds.scratch, say);
      const loops = program === undefined ? [] : [2, 4].map((n) => spawnLoop(program, count, n));
      const parallel = await gnuParallel(count, say);
      // Until the very end: ext4 is slow to make files for seconds after many were removed.
      const outputs = join(rounds.scratch, 'outputs');
      await mkdir(outputs);
      return [
        rounds.runner(PLAIN),
        rounds.runner(PLAIN, { agentNode: await rounds.grownNode() }, GROWN),
        ...KINDS.map((kind) => rounds.runner(PLAIN, { kind, outputs }, kind)),
        xargs(count),
        ...(parallel ? [parallel] : []),
        ...loops,
      ];
    },
    figures: [
      {
        title: '/bin/true units, durable, 8 slots',
        unit: 'a second',
        of: measured(PLAIN, 'perSecond'),
      },
      against('of posix_spawn + wait4 in C, 2 in flight', PLAIN, C2, 0.75),
      against('of the same, 4 in flight', PLAIN, 'C, 4 in flight'),
      against('of xargs -P2', PLAIN, XARGS, 1.15),
      against('what C, 2 in flight, has of xargs -P2: as much as anybody could', C2, XARGS),
      against('of GNU parallel -j2', PLAIN, PARALLEL, 8),
      against('what C, 2 in flight, has of GNU parallel -j2', C2, PARALLEL),
      against('an agent grown by 500 MB, of one that has not', GROWN, PLAIN, 0.9),
      {
        title: 'what the grown one has in memory',
        unit: 'MB',
        of: measured(GROWN, 'agentMegabytes'),
      },
      ...KINDS.map((kind) => against(`${WITH_MORE[kind]}, of C, 2 in flight`, kind, C2, 0.6)),
      cpuTime('of the manager', PLAIN, 'managerCpuMicros'),
      cpuTime('of the agent, units not included', PLAIN, 'agentCpuMicros'),
      cpuTime('of the grown agent', GROWN, 'agentCpuMicros'),
      ...KINDS.map((kind) => cpuTime(`with ${WITH_MORE[kind]}`, kind, 'agentCpuMicros')),
    ],
  };
}

function against(title: string, ours: string, other: string, atLeast?: number): Figure {
  const of = (round: Round) => ratio(round[ours]?.['perSecond'], round[other]?.['perSecond']);
  return { title, unit: '×', ...(atLeast !== undefined && { target: { atLeast } }), of };
}

function cpuTime(whose: string, runner: string, value: string): Figure {
  return { title: `processor time ${whose}`, unit: 'µs a unit', of: measured(runner, value) };
}
