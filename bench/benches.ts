/** What is measured against what: the rows of the table. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { compile, spawnLoop, xargs } from './ceilings.ts';
import type { Bench, Round, Runner } from './harness.ts';
import type { Rounds } from './rounds.ts';

/** All benches, in the order of the table. */
export function benches(rounds: Rounds, say: (line: string) => void): readonly Bench[] {
  return [
    processBench(rounds, say),
    nullBench(rounds),
    submitBench(rounds),
    latencyBench(rounds, say),
    memoryBench(rounds),
    managerBench(rounds),
    reopenBench(rounds),
    reconnectBench(rounds),
  ];
}

const C2 = 'C, 2 in flight';

function processBench(rounds: Rounds, say: (line: string) => void): Bench {
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

function nullBench(rounds: Rounds): Bench {
  const ours = (name: string) => (round: Round) => round['null-units']?.[name];
  return {
    name: 'null',
    rounds: 5,
    runners: async () => [rounds.runner('null-units'), rounds.runner('tls-echo')],
    figures: [
      {
        title: 'units without a process, once submitted',
        unit: 'a second',
        target: { atLeast: 300_000 },
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
        of: ours('managerCpuMicros'),
      },
      { title: 'processor time of the agent', unit: 'µs a unit', of: ours('agentCpuMicros') },
    ],
  };
}

function submitBench(rounds: Rounds): Bench {
  return {
    name: 'submit',
    rounds: 5,
    runners: async () => [rounds.runner('submit-alike'), rounds.runner('submit-own')],
    figures: [
      {
        title: 'a million descriptions, all alike, until durable',
        unit: 'µs each',
        target: { below: 5 },
        of: (round) => round['submit-alike']?.['micros'],
      },
      {
        title: 'a million with arguments of their own',
        unit: 'µs each',
        target: { below: 5 },
        of: (round) => round['submit-own']?.['micros'],
      },
    ],
  };
}

function latencyBench(rounds: Rounds, say: (line: string) => void): Bench {
  const C1 = 'C, 1 in flight';
  const ours = (name: string) => (round: Round) => round['idle-latency']?.[name];
  return {
    name: 'latency',
    rounds: 5,
    runners: async () => {
      const stamp = await compile('stamp', rounds.scratch, say);
      const loop = await compile('spawn', rounds.scratch, say);
      const ceilings: Runner[] = [rounds.runner('tls-echo'), rounds.runner('fdatasync')];
      if (loop !== undefined) ceilings.push(spawnLoop(loop, rounds.sizes.single, 1));
      return [rounds.runner('idle-latency', { ...(stamp && { stamp }) }), ...ceilings];
    },
    figures: [
      {
        title: 'submit() to the process having started, idle, median',
        unit: 'ms',
        target: { below: 3 },
        of: ours('startedMedian'),
      },
      { title: 'the same, 99th percentile', unit: 'ms', of: ours('startedTail') },
      {
        title: 'submit() to /bin/true done, idle, median',
        unit: 'ms',
        target: { below: 6 },
        of: ours('doneMedian'),
      },
      { title: 'the same, 99th percentile', unit: 'ms', of: ours('doneTail') },
      {
        title: 'the median to 2 fdatasync, a TLS round trip and a process in C',
        unit: '×',
        of: (round) => {
          const { fdatasync, 'tls-echo': echo, [C1]: loop } = round;
          const parts = [fdatasync, fdatasync, echo, loop].map((part) => part?.['micros']);
          const floor = parts.reduce<number>((sum, part) => sum + (part ?? Number.NaN), 0);
          const done = ours('doneMedian')(round);
          return Number.isNaN(floor) ? undefined : ratio(done, floor / 1000);
        },
      },
    ],
  };
}

function memoryBench(rounds: Rounds): Bench {
  const of = (runner: string, name: string) => (round: Round) => round[runner]?.[name];
  return {
    name: 'memory',
    rounds: 3,
    runners: async () => [rounds.runner('pending-in-portions'), rounds.runner('pending-at-once')],
    figures: [
      {
        title: 'a million pending units, submitted in portions, resident',
        unit: 'MB',
        target: { below: 150 },
        of: of('pending-in-portions', 'after'),
      },
      {
        title: 'the same, right after one submit of all',
        unit: 'MB',
        of: of('pending-at-once', 'after'),
      },
      { title: 'before any', unit: 'MB', of: of('pending-at-once', 'before') },
    ],
  };
}

/** The decisions alone, without journal, network and agents: where to look when a figure above moves. */
function managerBench(rounds: Rounds): Bench {
  const of = (runner: string, name: string) => (round: Round) => round[runner]?.[name];
  const cost = (title: string, runner: string, name: string) => {
    return { title, unit: 'µs a unit', of: of(runner, name) };
  };
  return {
    name: 'manager',
    rounds: 3,
    runners: async () => [
      rounds.runner('manager-alike'),
      rounds.runner('manager-graph'),
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
      {
        title: 'a process with only a manager, a million pending units',
        unit: 'MB',
        target: { below: 150 },
        of: of('manager-memory', 'pending'),
      },
      {
        title: 'the same once all have ended',
        unit: 'MB',
        target: { below: 150 },
        of: of('manager-memory', 'done'),
      },
    ],
  };
}

/** A service whose units have all ended, opened again: from its log alone, and from a snapshot. */
function reopenBench(rounds: Rounds): Bench {
  const forms = ['log', 'snapshot'] as const;
  const prepare = async (form: string): Promise<Runner[]> => {
    const left = join(rounds.scratch, `ended-in-${form}`);
    await mkdir(left);
    await rounds.runner(`ended-in-${form}`, { directory: left }).run();
    return [
      rounds.runner('reopen', { left }, `reopen-${form}`),
      rounds.runner('read-bytes', { left }, `read-${form}`),
    ];
  };
  const of = (form: string, name: string) => (round: Round) => round[`reopen-${form}`]?.[name];
  return {
    name: 'reopen',
    rounds: 5,
    runners: async () => (await Promise.all(forms.map(prepare))).flat(),
    figures: [
      {
        title: 'a million ended units, from a log without a snapshot',
        unit: 's',
        target: { below: 2 },
        of: of('log', 'seconds'),
      },
      {
        title: 'the same from a snapshot',
        unit: 's',
        target: { below: 1 },
        of: of('snapshot', 'seconds'),
      },
      ...forms.map((form) => ({
        title: `to reading and summing up the ${form}'s bytes`,
        unit: '×',
        of: (round: Round) => ratio(of(form, 'seconds')(round), round[`read-${form}`]?.['seconds']),
      })),
      ...forms.map((form) => ({
        title: `resident at the most, ${form === 'log' ? 'a snapshot taken afterwards included' : 'from a snapshot'}`,
        unit: 'MB',
        target: { below: 400 },
        of: of(form, 'peakAfter'),
      })),
    ],
  };
}

/** A program is killed while very many units run, and the next one opens its services. */
function reconnectBench(rounds: Rounds): Bench {
  const of = (name: string) => (round: Round) => round['reconnect']?.[name];
  return {
    name: 'reconnect',
    rounds: 3,
    runners: async () => [rounds.runner('reconnect')],
    figures: [
      {
        title: 'a thousand units in flight: until four agents are back, none started twice',
        unit: 's',
        target: { below: 3 },
        of: of('reconnected'),
      },
      { title: 'of it, opening the two services', unit: 's', of: of('opened') },
    ],
  };
}

function ratio(ours: number | undefined, ceiling: number | undefined): number | undefined {
  return ours === undefined || ceiling === undefined ? undefined : ours / ceiling;
}
