/** Units that are processes, against what else starts programs. */
import { compile, spawnLoop, xargs } from '../ceilings.ts';
import { type Bench, type Round, ratio } from '../harness.ts';
import type { Rounds } from '../rounds.ts';

const C2 = 'C, 2 in flight';

/** `/bin/true` through one pilot. */
export function processBench(rounds: Rounds, say: (line: string) => void): Bench {
  const count = rounds.sizes.processes;
  const ours = (round: Round) => round['process-units']?.['perSecond'];
  return {
    name: 'process',
    rounds: 9,
    runners: async () => {
      const program = await compile('spawn', rounds.scratch, say);
      const loops = program === undefined ? [] : [2, 4].map((n) => spawnLoop(program, count, n));
      return [rounds.runner('process-units'), xargs(count), ...loops];
    },
    figures: [
      { title: '/bin/true units, durable, 8 slots', unit: 'a second', of: ours },
      {
        title: 'of posix_spawn + wait4 in C, 2 in flight',
        unit: '×',
        target: { atLeast: 0.7 },
        of: (round) => ratio(ours(round), round[C2]?.['perSecond']),
      },
      {
        title: 'of the same, 4 in flight',
        unit: '×',
        of: (round) => ratio(ours(round), round['C, 4 in flight']?.['perSecond']),
      },
      {
        title: 'of xargs -P2',
        unit: '×',
        target: { atLeast: 1 },
        of: (round) => ratio(ours(round), round['xargs -P2']?.['perSecond']),
      },
      {
        title: 'processor time of the manager',
        unit: 'µs a unit',
        of: (round) => round['process-units']?.['managerCpuMicros'],
      },
      {
        title: 'processor time of the agent, units not included',
        unit: 'µs a unit',
        of: (round) => round['process-units']?.['agentCpuMicros'],
      },
    ],
  };
}
