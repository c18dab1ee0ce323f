import { expect, it } from 'vitest';
import type { WorkEffect, WorkStep } from '../../src/manager/work-events.ts';
import { endedRows } from '../support/rows.ts';
import { WorkWorld } from '../support/work-world.ts';

/** More than are looked at one by one. */
const AGENTS = 9;
const QUICK = { estimatedRunTime: 0.0001 };
/** From one look at all of them to the next. */
const PAUSE_MS = (10 * AGENTS) / 8;

function effectOf<T extends WorkEffect['type']>({ effects }: WorkStep, type: T) {
  return effects.find((effect) => effect.type === type) as Extract<WorkEffect, { type: T }>;
}

/** Many agents of a core each: the first has one unit that runs and two that wait, the others have none. */
function manyQuickAgents(now: number): { world: WorkWorld; last: WorkStep } {
  const world = new WorkWorld();
  world.now = now;
  world.join('a0', { cores: 1 });
  world.submit(QUICK, QUICK, QUICK, QUICK);
  world.report('a0', { ended: endedRows([{ unit: 0, attempt: 1 }], now) });
  let last = world.join('a1', { cores: 1 });
  for (let i = 2; i < AGENTS; i++) last = world.join(`a${i}`, { cores: 1 });
  return { world, last };
}

it('many quick agents are looked through at one time, and what is stuck there is taken back', () => {
  const { world, last } = manyQuickAgents(1000);
  expect(effectOf(last, 'recall')).toBeUndefined();
  const wake = world.state.places.at(0).progressAt + 10;
  const at = Math.ceil(wake / PAUSE_MS) * PAUSE_MS;
  world.now = at - 1;
  expect(effectOf(world.handle({ type: 'time', now: world.now }), 'recall')).toBeUndefined();
  world.now = at;
  const recall = effectOf(world.handle({ type: 'time', now: at }), 'recall');
  expect(recall).toMatchObject({ agentId: 'a0', units: Uint32Array.of(3, 2) });
});

it('a unit whose start time comes before does not make the look forgotten', () => {
  const { world } = manyQuickAgents(1000);
  const first = effectOf(world.submit({ ...QUICK, startTime: 1.004 }), 'wake');
  expect(first.at).toBe(1004);
  world.now = 1004;
  const { at } = effectOf(world.handle({ type: 'time', now: 1004 }), 'wake');
  expect(at).toBeGreaterThan(1009);
  world.now = at;
  expect(effectOf(world.handle({ type: 'time', now: at }), 'recall')).toBeDefined();
});

it('a clock that is set back holds nothing up', () => {
  const { world } = manyQuickAgents(1_000_000);
  world.now = 500;
  const { at } = effectOf(world.handle({ type: 'time', now: 500 }), 'wake');
  expect(at).toBeLessThan(500 + 10 + 2 * PAUSE_MS);
  world.now = at;
  expect(effectOf(world.handle({ type: 'time', now: at }), 'recall')).toBeDefined();
});
