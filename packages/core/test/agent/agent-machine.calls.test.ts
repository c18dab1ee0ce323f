import { describe, expect, it } from 'vitest';
import type { CallCommand } from '../../src/model/call-command.ts';
import { ATTRIBUTE_ITEMS } from '../../src/protocol/transfer-messages.ts';
import { AgentWorld, told } from './agent-world.ts';

const CALL: CallCommand = { module: 'm', export: 'f', isolation: 'process', isMap: false };
const MAP: CallCommand = { ...CALL, isMap: true };

/** Two map units hold two of four cores, and programs the others; template 3 is one of programs. */
function world(): AgentWorld {
  const all = new AgentWorld().connect();
  all.template(1, {}, 1, { call: MAP }).template(2, { cores: 2 }).template(3);
  return all.start([1, 2]).start([3], { template: 2 });
}

function keyOf(all: AgentWorld, unit: number): number {
  return [...all.runs.values()].find((run) => run.unit === unit)?.key ?? 0;
}

describe('map units', () => {
  it('give way after their slice when another unit waits, and only as many as it needs', () => {
    const all = world().tick(0);
    all.start([4], { template: 3 });
    expect(all.yielded).toEqual([]);
    all.tick(999);
    expect(all.yielded).toEqual([]);
    all.tick(1).tick(1_000);
    expect(all.yielded).toEqual([1]);
    all.end(1);
    expect(all.running).toEqual([2, 3, 4]);
  });

  it('give way at once to a higher priority, or when they have nothing to do', () => {
    const all = world();
    all.start([4], { template: 3, priority: 1 });
    expect(all.yielded).toEqual([1]);
    all.start([5], { template: 3 });
    all.machine.idle(keyOf(all, 2), true);
    all.settle();
    expect(all.yielded).toEqual([1, 2]);
  });

  it('stay while only units of their own map wait, or nobody does', () => {
    const all = world().start([4]).tick(0);
    all.machine.idle(keyOf(all, 1), true);
    all.settle().tick(9_999);
    expect(all.yielded).toEqual([]);
  });
});

describe('a single call', () => {
  it('has its value in its report', () => {
    const all = new AgentWorld().connect().template(1, {}, 1, { call: CALL }).start([1, 2]);
    const value = Uint8Array.of(1, 2);
    const problem = { call: 0, kind: 'threw', name: 'Error', message: 'no' } as const;
    all.begin(1).end(1, false, { value }).begin(2).end(2, false, { reason: 14, value: problem });
    const rows = all.takeReports().flatMap(({ ended }) => ended?.values ?? []);
    expect(rows).toEqual([
      [0, value],
      [0, problem],
    ]);
  });

  it('is over when its large value has been fetched, and is here until then', () => {
    const all = new AgentWorld({ sharesFiles: false }).connect();
    all.template(1, {}, 1, { call: CALL }).start([1]).begin(1);
    all.end(1, false, { leavesValue: true });
    expect(all.collecting.get(1)?.outputs).toEqual([
      { item: ATTRIBUTE_ITEMS.value, name: 'value' },
    ]);
    expect(told(all.takeReports())).toEqual(['started 1.1']);
    expect([...(all.machine.held()[0]?.phases ?? [])]).toEqual([1]);
    all.collect(1);
    expect(told(all.takeReports())).toEqual(['ended 1.1']);
  });

  it('whose large value cannot be fetched has failed; canceled meanwhile it is canceled', () => {
    const all = new AgentWorld().connect().template(1, {}, 1, { call: CALL }).start([1, 2]);
    for (const unit of [1, 2]) all.begin(unit).end(unit, false, { leavesValue: true });
    all.collect(1, { problem: 'the disk is full' });
    all.receive({
      type: 'cancel',
      channel: 1,
      units: Uint32Array.of(2),
      attempts: Uint16Array.of(1),
    });
    const [failed, canceled] = all.takeReports().flatMap(({ ended }) => (ended ? [ended] : []));
    expect(failed?.details?.[0]?.[1]).toBe('the disk is full');
    expect([...(canceled?.terminated ?? [])]).toEqual([1]);
    expect(all.unstaged).toEqual([2]);
  });
});
