/** Who starts first on slots that become free, in simulated time and with the minds of real agents. */
import { describe, expect, it } from 'vitest';
import { REPORT_MS } from '../../packages/core/src/agent/report-pace.ts';
import { runCluster } from './cluster.ts';
import type { Unit } from './unit.ts';
import { alike } from './work.ts';

/** From the end of a unit to the start of the one that has its slot: a report, and what is told then. */
const MOMENT_MS = REPORT_MS + 5;
const SECOND = 1000;

const urgent: Unit = { cores: 1, runMs: 10, priority: 100 };

/** Long units, which end one after the other. */
function staggered(count: number): Unit[] {
  return Array.from({ length: count }, (_, i) => ({
    cores: 1,
    runMs: (60 + 7 * (i % 9)) * SECOND,
  }));
}

/** The first ends of those that begin at once on so many cores. */
function firstEnds(units: readonly Unit[], cores: number): number[] {
  const ends = units.slice(0, cores).map(({ runMs }) => runMs);
  return ends.sort((a, b) => a - b);
}

describe.each(['backfill', 'round-robin', 'fifo'] as const)('by %s', (scheduler) => {
  it.each([[[1]], [[4]], [[8]], [[1, 1]], [[4, 4, 2]], [new Array<number>(20).fill(2)]])(
    'an urgent unit has the next slot, whatever agents of %j cores hold ahead',
    (agents) => {
      const cores = agents.reduce((sum, each) => sum + each, 0);
      const low = staggered(4 * cores);
      const portions = [
        { atMs: 0, units: low },
        { atMs: 5 * SECOND, units: [urgent] },
      ];
      const { startedAt } = runCluster(scheduler, agents, portions);
      const [first = 0] = firstEnds(low, cores);
      expect(startedAt[low.length]).toBeLessThan(first + MOMENT_MS);
    },
  );

  it.each([[[4]], [[4, 4, 2]]])(
    'so have as many urgent ones as there are slots, on agents of %j cores',
    (agents) => {
      const cores = agents.reduce((sum, each) => sum + each, 0);
      const low = staggered(4 * cores);
      const longUrgent = { ...urgent, runMs: 3600 * SECOND };
      const portions = [
        { atMs: 0, units: low },
        { atMs: 5 * SECOND, units: alike(cores, longUrgent) },
      ];
      const { startedAt } = runCluster(scheduler, agents, portions);
      const ends = firstEnds(low, cores);
      const starts = startedAt.slice(low.length).sort((a, b) => a - b);
      starts.forEach((start, i) => {
        expect(start).toBeLessThan((ends[i] as number) + MOMENT_MS);
      });
    },
  );

  it('goes by priority also where the higher ones come last, one by one', () => {
    const low = alike(40, { cores: 1, runMs: 10 * SECOND });
    const rising = Array.from({ length: 20 }, (_, i) => ({
      atMs: 1000 + i,
      units: [{ cores: 1, runMs: 10 * SECOND, priority: i + 1 }],
    }));
    const { startedAt } = runCluster(scheduler, [2, 2], [{ atMs: 0, units: low }, ...rising]);
    const starts = startedAt.slice(40);
    expect(starts).toEqual(starts.toSorted((a, b) => b - a));
    // Those that had to give way go on in the order in which they came.
    const others = startedAt.slice(0, 40);
    expect(others).toEqual(others.toSorted((a, b) => a - b));
  });

  it.each([[[4]], [[4, 4]]])(
    'agents of %j cores idle for no more than a moment because of an urgent unit',
    (agents) => {
      const cores = agents.reduce((sum, each) => sum + each, 0);
      const low = alike(10 * cores, { cores: 1, runMs: 10 * SECOND });
      const portions = [
        { atMs: 0, units: low },
        ...Array.from({ length: 50 }, (_, i) => ({
          atMs: (1 + i) * SECOND,
          units: [{ ...urgent, runMs: SECOND }],
        })),
      ];
      const { ratio } = runCluster(scheduler, agents, portions);
      expect(ratio).toBeLessThan(1.1);
    },
  );
});

it('quick units of two priorities keep agents as busy as those of one', () => {
  const quick = { cores: 1, runMs: 1 };
  const one = runCluster('backfill', [4, 4], [{ atMs: 0, units: alike(8000, quick) }]);
  const two = runCluster(
    'backfill',
    [4, 4],
    [
      { atMs: 0, units: alike(4000, quick) },
      { atMs: 0, units: alike(4000, { ...quick, priority: 1 }) },
    ],
  );
  expect(two.makespanMs).toBeLessThan(1.05 * one.makespanMs);
});
