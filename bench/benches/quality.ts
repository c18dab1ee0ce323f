/** How well the cores are used, in simulated time: decisions alone, and no matter how fast they are made. */
import { REPORT_MS } from '../../packages/core/src/agent/report-pace.ts';
import { type Bench, type Figure, measured, type Runner } from '../harness.ts';
import type { Rounds } from '../rounds.ts';

const MIXED = 'mixed-quality';
const SMALL = 'small-quality';

/** Each round has another seed; the machine and what else it does change nothing. */
export function qualityBench(rounds: Rounds): Bench {
  return {
    name: 'quality',
    rounds: 3,
    runners: async () => [seeded(rounds, MIXED), seeded(rounds, SMALL)],
    figures: [
      makespan('1 to 64 cores, 10 ms to 100 s, 100 units a core: backfill', 'none', 1.05),
      makespan('the same with estimates', 'right', 1.05),
      makespan('the same with wrong estimates', 'wrong', 1.05),
      makespan('the same: round-robin', 'roundRobin'),
      makespan('the same: fifo', 'fifo'),
      {
        title: 'a graph in layers, 1 to 4 cores: backfill',
        unit: '× the bound',
        of: measured(SMALL, 'graph'),
      },
      {
        title: 'behind a long unit: longest that one waited while a core was free elsewhere',
        unit: 'ms',
        // A busy agent gathers for so long what it has to say, and nobody knows before that it is stuck.
        target: { below: REPORT_MS + 5 },
        of: measured(SMALL, 'strandedMs'),
      },
    ],
  };
}

function makespan(title: string, value: string, below?: number): Figure {
  return {
    title,
    unit: '× the bound',
    ...(below !== undefined && { target: { below } }),
    of: measured(MIXED, value),
  };
}

function seeded(rounds: Rounds, name: string): Runner {
  let seed = 0;
  return { name, run: () => rounds.runner(name, { seed: ++seed }).run() };
}
