/**
 * How well the cores are used, in simulated time: the same figures on every machine. What is exact
 * here is meant to change with the decisions; what must not change are the limits.
 */
import { describe, expect, it } from 'vitest';
import { REPORT_MS } from '../../packages/core/src/agent/report-pace.ts';
import { runCluster } from './cluster.ts';
import { lowerBound } from './lower-bound.ts';
import type { Unit } from './unit.ts';
import { alike, type Estimates, layered, mixed, shortThenLong } from './work.ts';

/** The longest that a core may be free while a unit for it waits elsewhere: until it is reported, and some messages. */
const MOMENT_MS = REPORT_MS + 5;

const short: Unit = { cores: 1, runMs: 10 };
const long: Unit = { cores: 1, runMs: 20_000 };

describe('the lower bound', () => {
  it('is the work over the cores that are able to do it', () => {
    expect(bound([4], alike(8, { cores: 1, runMs: 100 }))).toBe(200);
    expect(bound([4, 2, 2], alike(3, { cores: 4, runMs: 100 }))).toBe(300);
  });

  it('counts that wide units may have to run one by one', () => {
    expect(bound([4], alike(3, { cores: 3, runMs: 100 }))).toBe(300);
  });

  it('is the longest chain', () => {
    const chain = [0, 1, 2].map((unit) => ({ ...short, after: unit === 0 ? [] : [unit - 1] }));
    expect(bound([4], chain)).toBe(30);
  });

  function bound(agents: number[], units: Unit[]): number {
    return lowerBound([{ atMs: 0, units }], agents);
  }
});

describe('backfill', () => {
  it.each<[Estimates, string]>([
    ['none', '1.007'],
    ['right', '1.008'],
    ['wrong', '1.000'],
  ])('runs mixed units within 5 % of the bound, estimates: %s', (estimates, exact) => {
    const units = mixed(1, 100 * 32, 16, estimates);
    const { ratio } = runCluster('backfill', [16, 8, 8], [{ atMs: 0, units }]);
    expect(ratio).toBeLessThan(1.05);
    expect(ratio.toFixed(3)).toBe(exact);
  });

  it('runs a graph within 5 % of the bound', () => {
    const { ratio } = runCluster('backfill', [16, 8, 8], [{ atMs: 0, units: layered(1, 20, 160) }]);
    expect(ratio.toFixed(3)).toBe('1.038');
  });

  it('lets a wide unit start while narrow ones keep coming', () => {
    const narrow = Array.from({ length: 100 }, (_, second) => ({
      atMs: 1000 * second,
      units: alike(5, { cores: 1, runMs: 4000 }),
    }));
    const wide = { atMs: 4500, units: [{ cores: 16, runMs: 10 }] };
    const { startedAt } = runCluster('backfill', [16], [...narrow, wide]);
    // Units that make four times the agent may pass it, four a second; then those that run end.
    expect(startedAt[25]).toBe(25_011);
  });

  it('lets a narrow unit start while wide ones keep coming', () => {
    const wide = { cores: 16, runMs: 100 };
    const portions = [
      { atMs: 0, units: alike(2, wide) },
      { atMs: 50, units: [short] },
      ...Array.from({ length: 200 }, (_, i) => ({ atMs: 51 + 100 * i, units: alike(2, wide) })),
    ];
    const { startedAt } = runCluster('backfill', [16], portions);
    // Those count a sixteenth: 64 of them may pass it, and the first ones were there before.
    expect(startedAt[2]).toBe(6603);
  });

  it('starts narrow units beside wide ones of which more wait at the agent', () => {
    const wide = { cores: 3, runMs: 10 };
    const portions = [
      { atMs: 0, units: alike(100, wide) },
      { atMs: 500, units: [short] },
    ];
    const { startedAt } = runCluster('backfill', [4], portions);
    expect(startedAt[100]).toBe(501);
  });
});

describe('what an agent holds ahead', () => {
  it.each([
    ['a long one and short ones', [1, 1], [long, ...alike(150, short)], 23_002],
    ['short ones and long ones', [4, 4, 8], shortThenLong(3200, 100), 74_992],
    [
      'long ones beside short ones',
      [1, 2, 4],
      [...alike(6, long), short, ...alike(2, long)],
      43_002,
    ],
    ['wide ones', [4, 4], [...alike(3, long), ...alike(3, { cores: 4, runMs: 1000 })], 24_006],
  ])(
    'is never left there for long while a core is free elsewhere: %s',
    (_, agents, units, exact) => {
      // What is known of run times when they come is of short ones.
      const warm = { atMs: 0, units: alike(400, short) };
      const portions = [warm, { atMs: 3000, units }];
      const { longestStrandedMs, makespanMs } = runCluster('backfill', agents, portions);
      expect(longestStrandedMs).toBeLessThan(MOMENT_MS);
      expect(makespanMs).toBe(exact);
    },
  );
});

describe('what many agents hold ahead that are all quick', () => {
  const AGENTS = 20;
  const idleUnit: Unit = { cores: 1, runMs: 0 };
  /** They are looked through seldom and all together: two of those pauses, and a moment. */
  const SELDOM_MS = 2 * ((10 * AGENTS) / 8) + MOMENT_MS;

  it.each([
    ['one has a long one', 1],
    ['half of them have', AGENTS / 2],
    ['all but one have', AGENTS - 1],
  ])('is not left there for long either while a core is free elsewhere: %s', (_, longOnes) => {
    const portions = [
      { atMs: 0, units: alike(200 * AGENTS, idleUnit) },
      { atMs: 3000, units: [...alike(longOnes, long), ...alike(50 * AGENTS, idleUnit)] },
    ];
    const agents = new Array<number>(AGENTS).fill(1);
    const { longestStrandedMs, makespanMs } = runCluster('backfill', agents, portions);
    expect(longestStrandedMs).toBeLessThan(SELDOM_MS);
    expect(makespanMs).toBe(23_002);
  });
});

describe.each(['fifo', 'round-robin'] as const)('%s', (scheduler) => {
  it('leaves nothing behind a long unit either', () => {
    const units = [long, ...alike(150, short)];
    const portions = [
      { atMs: 0, units: alike(400, short) },
      { atMs: 3000, units },
    ];
    const { longestStrandedMs } = runCluster(scheduler, [1, 1], portions);
    expect(longestStrandedMs).toBeLessThan(MOMENT_MS);
  });
});
