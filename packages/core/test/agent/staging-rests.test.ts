/** Units whose node takes no files: what is tried, and when, and what becomes of the others. */
import { beforeEach, describe, expect, it } from 'vitest';
import { FAILURE_REASONS } from '../../src/model/exit.ts';
import type { Report } from '../../src/protocol/messages.ts';
import { AgentWorld, rows, told } from './agent-world.ts';

const inputs = [{ item: 0, name: 'in' }];
const PROBLEM = { problem: '/home/in: ENOENT: no such file (on here)' };

function reasons(reports: readonly Report[]): string[] {
  return reports.flatMap(({ ended }) =>
    Array.from(ended?.reasons ?? [], (reason) => FAILURE_REASONS[reason] as string),
  );
}

describe('a node whose disk is full', () => {
  const FULL = { problem: '/scratch/in: ENOSPC: no space left on node', isOfMachine: true };
  const PATIENCE_MS = 30_000;
  let world: AgentWorld;
  const waiting = (): number[] => [...world.staging.values()].map(({ unit }) => unit);
  /** Lets time pass as an agent does, to where something is tried; how long that was. */
  const untilTried = (): number => {
    const begin = world.now;
    while (world.staging.size === 0 && world.machine.withFiles > 0) world.tick(1_000);
    return world.now - begin;
  };
  beforeEach(() => {
    world = new AgentWorld({ leaseMs: 1e9 });
    world.machine.connected(1e9, world.now);
    world.receive({ type: 'attach', channel: 1, service: 'work' });
    world.template().template(2, {}, 1, { inputs });
  });

  it('tries a unit again and again, ever later, before it has failed so that another attempt may come', () => {
    world.start([1], { template: 2 }).stage(1, FULL).tick(0);
    const pauses: number[] = [];
    let sum = 0;
    while (world.machine.withFiles > 0) {
      expect(told(world.takeReports())).toEqual([]);
      pauses.push(untilTried());
      sum += pauses.at(-1) as number;
      if (waiting().length > 0) world.stage(1, FULL);
      world.tick(0);
    }
    expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000]);
    expect(sum).toBeGreaterThanOrEqual(PATIENCE_MS);
    const reports = world.takeReports();
    expect(told(reports)).toEqual(['ended 1.1']);
    expect(reasons(reports)).toEqual(['STAGING_INTERRUPTED']);
    expect(reports[0]?.ended?.details).toEqual([[0, FULL.problem, '']]);
    world.start([2], { template: 2 });
    expect(waiting()).toEqual([2]);
  });

  it('takes no other files until a try succeeds, and then all that it has', () => {
    world.start([1, 2], { template: 2 }).stage(1, FULL).stage(2, FULL);
    world.start([3, 4], { template: 2 }).start([5]);
    expect(waiting()).toEqual([]);
    expect(world.running).toEqual([5]);
    world.tick(0).tick(999);
    expect(waiting()).toEqual([]);
    world.tick(1);
    expect(waiting()).toEqual([1]);
    world.stage(1, FULL).tick(0).tick(2_000);
    expect(waiting()).toEqual([2]);
    world.stage(2).tick(0);
    expect(waiting()).toEqual([3, 4, 1]);
    expect(world.running).toEqual([5, 2]);
  });

  it('fails one unit after the other, not all at once', () => {
    const units = [1, 2, 3, 4, 5, 6, 7, 8];
    world.start(units, { template: 2 });
    for (const unit of units) world.stage(unit, FULL);
    const failed: number[] = [];
    for (let ms = 0; ms <= 4 * PATIENCE_MS; ms += 1_000) {
      world.tick(1_000);
      for (const unit of waiting()) world.stage(unit, FULL);
      failed.push(...world.takeReports().flatMap(({ ended }) => [...(ended?.units ?? [])]));
    }
    expect(failed.length).toBeGreaterThan(0);
    expect(failed.length).toBeLessThanOrEqual(4);
  });

  it.each(['cancel', 'recall'] as const)('gives back at once what waits, by a %s', (type) => {
    world.start([1, 2, 3], { template: 2 }).stage(1, FULL).stage(2, FULL).stage(3, FULL);
    world.tick(0).tick(1_000);
    expect(waiting()).toEqual([1]);
    world.receive({ type, channel: 1, ...rows([1, 3]) });
    expect(told(world.takeReports())).toEqual(['returned asked 1.1', 'returned asked 3.1']);
    // The one that was to show how it is has gone.
    world.tick(0);
    expect(waiting()).toEqual([2]);
  });

  it('holds what waits on a new link, and hands it back when the agent ends', () => {
    world.start([1], { template: 2 }).stage(1, FULL);
    expect(world.machine.held()).toMatchObject([
      { units: Uint32Array.of(1), phases: Uint8Array.of(0) },
    ]);
    world.machine.end('signal', world.now);
    world.settle();
    expect(told(world.takeReports())).toEqual(['returned evicted 1.1']);
  });

  it('is not what a file is that is not there', () => {
    world.start([1, 2], { template: 2 }).stage(1, PROBLEM);
    expect(reasons(world.takeReports())).toEqual(['STAGING_FAILED']);
    expect(waiting()).toEqual([2]);
  });
});
