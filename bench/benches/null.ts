/** Units that start no process: what all of ours takes. */
import { type Bench, measured, ratio } from '../harness.ts';
import type { Rounds } from '../rounds.ts';

/** Journal, manager, network and agent, of a million units through one pilot. */
export function nullBench(rounds: Rounds): Bench {
  const ours = (name: string) => measured('null-units', name);
  return {
    name: 'null',
    rounds: 5,
    runners: async () => [rounds.runner('null-units'), rounds.runner('tls-echo')],
    figures: [
      {
        title: 'units without a process, once submitted',
        unit: 'a second',
        target: { atLeast: 500_000 },
        of: ours('perSecondOnceSubmitted'),
      },
      { title: 'the same, with their submit', unit: 'a second', of: ours('perSecond') },
      {
        title: 'of their bytes alone over bare TLS',
        unit: '×',
        of: (round) =>
          ratio(ours('perSecondOnceSubmitted')(round), round['tls-echo']?.['perSecond']),
      },
      {
        title: 'processor time of the manager, submit included',
        unit: 'µs a unit',
        target: { below: 2 },
        of: ours('managerCpuMicros'),
      },
      { title: 'processor time of the agent', unit: 'µs a unit', of: ours('agentCpuMicros') },
    ],
  };
}
