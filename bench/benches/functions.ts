/** Functions that are called on agents. */
import { type Bench, type Figure, measured, ratio } from '../harness.ts';
import type { Rounds } from '../rounds.ts';

const EMPTY = 'empty-calls';
const SINGLE = 'single-calls';
const BUSY = 'busy-calls';
const PISCINA = 'piscina';
const VALUES = 'large-values';
const COPY = 'tls-copy';
const ENDLESS = 'endless-inputs';

/** Many that do nothing, one at a time, those that take their time, large values, inputs without end. */
export function functionsBench(rounds: Rounds): Bench {
  const names = [EMPTY, SINGLE, BUSY, PISCINA, VALUES, COPY, ENDLESS];
  return {
    name: 'functions',
    rounds: 3,
    runners: async () => names.map((name) => rounds.runner(name)),
    figures: [
      ...emptyFigures,
      ...singleFigures,
      {
        title: 'calls of 10 ms on all cores, durable, of the ideal',
        unit: '×',
        target: { atLeast: 0.97 },
        of: measured(BUSY, 'share10'),
      },
      ...[10, 1, 0.1].map(againstPiscina),
      {
        title: '1 MB Uint8Array in and out',
        unit: 'MB a second',
        of: measured(VALUES, 'perSecond'),
      },
      {
        title: 'of a bare TLS copy there and back',
        unit: '×',
        target: { atLeast: 0.6 },
        of: (round) => ratio(round[VALUES]?.['perSecond'], round[COPY]?.['perSecond']),
      },
      {
        title: 'the manager after millions of calls of inputs without end',
        unit: 'MB',
        of: measured(ENDLESS, 'late'),
      },
      {
        title: 'more than after two fifths of them',
        unit: 'MB',
        target: { below: 30 },
        of: measured(ENDLESS, 'growth'),
      },
    ],
  };
}

const emptyFigures: readonly Figure[] = [
  {
    title: 'empty calls, durable, two workers of an agent',
    unit: 'a second',
    target: { atLeast: 300_000 },
    of: measured(EMPTY, 'perSecond'),
  },
  { title: 'the same, not durable', unit: 'a second', of: measured(EMPTY, 'plainPerSecond') },
  {
    title: 'processor time of the manager',
    unit: 'µs a call',
    of: measured(EMPTY, 'managerMicros'),
  },
  {
    title: 'processor time of the agent without its workers',
    unit: 'µs a call',
    of: measured(EMPTY, 'agentMicros'),
  },
];

const singleFigures: readonly Figure[] = [
  {
    title: 'one call of a map at a time, idle, median',
    unit: 'ms',
    target: { below: 1 },
    of: measured(SINGLE, 'median'),
  },
  { title: 'the same, 99th percentile', unit: 'ms', of: measured(SINGLE, 'tail') },
  {
    title: 'one call as a unit, durable, until its value is there, median',
    unit: 'ms',
    of: measured(SINGLE, 'unitMedian'),
  },
  { title: 'the same, 99th percentile', unit: 'ms', of: measured(SINGLE, 'unitTail') },
];

function againstPiscina(ms: number): Figure {
  const name = `perSecond${ms}`;
  return {
    title: `calls of ${ms} ms, durable, of piscina in its own process`,
    unit: '×',
    ...(ms >= 1 && { target: { atLeast: 1 } }),
    of: (round) => ratio(round[BUSY]?.[name], round[PISCINA]?.[name]),
  };
}
