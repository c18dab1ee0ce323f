/** Where to look when a figure of the others moves. */
import { type Bench, measured } from '../harness.ts';
import type { Rounds } from '../rounds.ts';

/** The decisions alone, without journal, network and agents. */
export function managerBench(rounds: Rounds): Bench {
  const cost = (title: string, runner: string, name: string) => {
    return { title, unit: 'µs a unit', of: measured(runner, name) };
  };
  return {
    name: 'manager',
    rounds: 3,
    runners: async () => [
      rounds.runner('manager-alike'),
      rounds.runner('manager-graph'),
      rounds.runner('manager-apart'),
      rounds.runner('manager-memory'),
    ],
    figures: [
      cost('taking descriptions in that are alike', 'manager-alike', 'intake'),
      cost('accepting them', 'manager-alike', 'accept'),
      cost('binding them and hearing of their ends', 'manager-alike', 'run'),
      cost('replaying all of it', 'manager-alike', 'replay'),
      cost('taking in a graph, two edges a unit, by name', 'manager-graph', 'intake'),
      cost('running the graph', 'manager-graph', 'run'),
      cost('replaying the graph', 'manager-graph', 'replay'),
      cost(
        `running ${rounds.sizes.apart.toLocaleString('en-US')} of which no two ask for the same`,
        'manager-apart',
        'run',
      ),
      {
        title: 'a process with only a manager, a million pending units',
        unit: 'MB',
        target: { below: 150 },
        of: measured('manager-memory', 'pending'),
      },
      {
        title: 'the same once all have ended',
        unit: 'MB',
        target: { below: 150 },
        of: measured('manager-memory', 'done'),
      },
    ],
  };
}
