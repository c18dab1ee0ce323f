import { describe, expect, it } from 'vitest';
import { MapTurns, type WaitingUnits } from '../../src/agent/map-turns.ts';
import type { Resources } from '../../src/model/resources.ts';

const NOTHING = cores(0);

function cores(count: number): Resources {
  return { cores: count, memory: 0, gpus: 0, resources: {} };
}

/** Map units of one core each, under keys from 1 on, that have had their turn. */
function turns(count: number, priority = 0): MapTurns {
  const all = new MapTurns();
  for (let key = 1; key <= count; key++) {
    all.tick(key);
    all.add({ key, priority, kind: 'map', request: cores(1) });
  }
  all.tick(count + 1);
  return all;
}

function waiting(more: Partial<WaitingUnits> = {}): WaitingUnits[] {
  return [{ count: 1, priority: 0, kind: 'program', request: cores(1), ...more }];
}

describe('map units', () => {
  it('give way to others of their priority when they have had their turn, who began first before all', () => {
    const all = turns(3);
    all.tick(1_001);
    expect(all.takeOver(waiting(), NOTHING)).toEqual([]);
    all.tick(1_002);
    expect(all.takeOver(waiting(), NOTHING)).toEqual([1]);
    all.tick(1_500);
    // It is on its way.
    expect(all.takeOver(waiting(), NOTHING)).toEqual([]);
    all.tick(5_000);
    expect(all.takeOver(waiting({ count: 9 }), NOTHING)).toEqual([2, 3]);
  });

  it('give way at once to a higher priority, and to a lower one only when they have nothing to do', () => {
    const all = turns(3);
    expect(all.takeOver(waiting({ priority: 1, count: 2 }), NOTHING)).toEqual([1, 2]);
    all.tick(100_000);
    expect(all.takeOver(waiting({ priority: -1, count: 3 }), NOTHING)).toEqual([]);
    all.idle(3, true);
    expect(all.takeOver(waiting({ priority: -1, count: 3 }), NOTHING)).toEqual([3]);
  });

  it('who have nothing to do go first, and those who have again do not', () => {
    const all = turns(3);
    all.idle(2, true);
    all.idle(3, true);
    all.idle(2, false);
    all.tick(5_000);
    expect(all.takeOver(waiting({ count: 2 }), NOTHING)).toEqual([3, 1]);
  });

  it('give way but seldom to others of their own kind, who are mostly of the same map', () => {
    const all = turns(2);
    all.tick(5_000);
    all.idle(1, true);
    expect(all.takeOver(waiting({ kind: 'map' }), NOTHING)).toEqual([]);
    all.tick(10_002);
    expect(all.takeOver(waiting({ kind: 'map' }), NOTHING)).toEqual([1]);
  });

  it('are not kept from others by what waits before these and is no reason', () => {
    const all = turns(2);
    all.tick(5_000);
    const rows = [...waiting({ kind: 'map', count: 500 }), ...waiting({ request: cores(9) })];
    expect(all.takeOver([...rows, ...waiting()], NOTHING)).toEqual([1]);
  });

  it('make room together for what is wide, and none at all for what they cannot', () => {
    const all = turns(3);
    all.tick(5_000);
    expect(all.takeOver(waiting({ request: cores(5) }), cores(1))).toEqual([]);
    expect(all.takeOver(waiting({ request: cores(3) }), cores(1))).toEqual([1, 2]);
  });

  it('are no more than what is wanted of any kind', () => {
    const all = new MapTurns();
    const request = { ...cores(1), resources: { licence: 1 } };
    all.add({ key: 1, priority: 0, kind: 'a', request: cores(1) });
    all.add({ key: 2, priority: 0, kind: 'b', request });
    all.idle(1, true);
    all.idle(2, true);
    // The first would not do alone.
    expect(all.takeOver(waiting({ request }), NOTHING)).toEqual([1, 2]);
    all.remove(1);
    all.remove(2);
    expect(all.isEmpty).toBe(true);
  });
});
