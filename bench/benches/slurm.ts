/** What pilots are for: short programs on a cluster with a queue, with one pilot and without any. */
import { run } from '../ceilings.ts';
import { type Bench, type Figure, measured, ratio } from '../harness.ts';
import type { Rounds } from '../rounds.ts';

const PILOT = 'slurm-pilot';
const ARRAY = 'slurm-array';
/** The other ways, from the quickest on. */
const RIVALS = { [ARRAY]: 'a job array', 'slurm-steps': 'srun steps', 'slurm-sbatch': 'sbatch' };

/** The same programs through one pilot and in each other way, on a real Slurm of three nodes on this machine. */
export function slurmBench(rounds: Rounds, say: (line: string) => void): Bench {
  return {
    name: 'slurm',
    rounds: 3,
    runners: async () => {
      // Slurm's commands do not even give their version without a configuration.
      const found = await run('sh', ['-c', 'command -v sbatch']).catch(() => undefined);
      if (found === undefined) {
        say('Slurm is not installed, and is left out: test/clusters/slurm/install.sh gets it');
        return [];
      }
      return [PILOT, ...Object.keys(RIVALS)].map((name) => rounds.runner(name));
    },
    figures: [
      { title: 'units through a pilot', unit: 'a second', of: measured(PILOT, 'perSecond') },
      ...Object.entries(RIVALS).map(([name, words]) => against(name, words)),
      {
        title: 'until the last unit, the wait for the pilot included, of a job array',
        unit: '×',
        of: (round) => ratio(round[PILOT]?.['withStart'], round[ARRAY]?.['perSecond']),
      },
    ],
  };
}

function against(rival: string, words: string): Figure {
  return {
    title: `of the same programs as ${words}`,
    unit: '×',
    ...(rival === ARRAY && { target: { atLeast: 20 } }),
    of: (round) => ratio(round[PILOT]?.['perSecond'], round[rival]?.['perSecond']),
  };
}
