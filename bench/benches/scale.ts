/** Very much of everything: agents, units, edges. */
import { type Bench, type Figure, measured } from '../harness.ts';
import type { Rounds } from '../rounds.ts';

/** What a graph is to be resolved at. */
const GRAPH_PER_SECOND = 300_000;

/** Units without a process through very many agents that are connected at once. */
export function manyAgentsBench(rounds: Rounds): Bench {
  const of = (name: string) => measured('many-agents', name);
  return {
    name: 'many-agents',
    rounds: 3,
    runners: async () => [rounds.runner('many-agents')],
    figures: [
      {
        title: 'units without a process, a thousand agents, once submitted',
        unit: 'a second',
        target: { atLeast: 300_000 },
        of: of('perSecondOnceSubmitted'),
      },
      { title: 'the same, with their submit', unit: 'a second', of: of('perSecond') },
      {
        title: 'processor time of the manager, submit included',
        unit: 'µs a unit',
        of: of('managerCpuMicros'),
      },
      { title: 'processor time of the agents', unit: 'µs a unit', of: of('agentCpuMicros') },
    ],
  };
}

/** Ten million units of one template, and a graph of a million. */
export function scaleBench(rounds: Rounds): Bench {
  return {
    name: 'scale',
    rounds: 1,
    runners: async () => [
      rounds.runner('vast-at-once'),
      rounds.runner('vast-in-portions'),
      rounds.runner('graph-by-name'),
      rounds.runner('graph-by-reference'),
      rounds.runner('manager-graph'),
    ],
    figures: [
      ...vast('ten million units, one submit', 'vast-at-once'),
      ...vast('ten million units, in portions', 'vast-in-portions'),
      ...graph('a million units that wait for two each, by name', 'graph-by-name'),
      ...graph('the same, by unit and by group', 'graph-by-reference'),
      {
        title: 'the graph by name through the manager alone, taken in and run',
        unit: 'a second',
        target: { atLeast: GRAPH_PER_SECOND },
        of: (round) => {
          const { intake, accept, run } = round['manager-graph'] ?? {};
          if (intake === undefined || accept === undefined || run === undefined) return undefined;
          return 1e6 / (intake + accept + run);
        },
      },
    ],
  };
}

function vast(title: string, runner: string): Figure[] {
  const of = (name: string) => measured(runner, name);
  return [
    {
      title: `${title}: until durable`,
      unit: 'µs each',
      target: { below: 2 },
      of: of('submitMicros'),
    },
    { title: 'to their ends, submit included', unit: 'a second', of: of('perSecond') },
    {
      title: 'resident in the manager at the most',
      unit: 'MB',
      target: { below: 1000 },
      of: of('peak'),
    },
    {
      title: 'longest pause of its event loop',
      unit: 'ms',
      target: { below: 50 },
      of: of('pause'),
    },
    { title: 'of them during the submit', unit: 'ms', of: of('pauseOfSubmit') },
  ];
}

function graph(title: string, runner: string): Figure[] {
  const of = (name: string) => measured(runner, name);
  return [
    {
      title: `${title}, once submitted`,
      unit: 'a second',
      target: { atLeast: GRAPH_PER_SECOND },
      of: of('perSecondOnceSubmitted'),
    },
    { title: 'with their submit', unit: 'a second', of: of('perSecond') },
    { title: 'processor time of the manager', unit: 'µs a unit', of: of('managerCpuMicros') },
  ];
}
