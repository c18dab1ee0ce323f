import { expect, it, vi } from 'vitest';
import { AgentPlace } from '../../src/manager/places.ts';
import { recalls } from '../../src/manager/recall.ts';
import type { WorkEffect, WorkStep } from '../../src/manager/work-events.ts';
import { endedRows } from '../support/rows.ts';
import { NODE, WorkWorld } from '../support/work-world.ts';

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

/** Places of three cores that have so many units of two cores each, as if they had been given them. */
function placesWith(world: WorkWorld, count: number, units: number): AgentPlace[] {
  const { state } = world;
  return Array.from({ length: count }, () => {
    const { length } = state.places.all;
    const record = { agentId: `a${length}`, pilotId: 'p', node: { ...NODE, cores: 3 } };
    const place = state.places.add(record);
    place.status = 'live';
    for (let left = units; left > 0; left--) {
      const unit = state.templates.classes[0]?.shift() as number;
      state.bind(unit, place);
    }
    return place;
  });
}

/** How often somebody is asked for room when so many have a core free that is of no use, and as many hold too much. */
function timesAsked(agents: number, description: object): number {
  const world = new WorkWorld();
  const unit = { numberOfProcesses: 2, ...description };
  world.submit(...Array.from({ length: 5 * agents }, () => unit));
  const live = new Set([...placesWith(world, agents, 1), ...placesWith(world, agents, 4)]);
  const asked = ['room', 'roomAhead'] as const;
  const spies = asked.map((name) => vi.spyOn(AgentPlace.prototype, name));
  const { effects } = recalls(world.state, live, live, 1000);
  expect(effects).toEqual([]);
  const times = spies.reduce((sum, { mock }) => sum + mock.calls.length, 0);
  for (const spy of spies) spy.mockRestore();
  return times;
}

it.each([
  ['of an unknown run time', {}],
  ['of a known one', { estimatedRunTime: 60 }],
])('nobody is asked again who has nothing left for units %s', (_, description) => {
  const few = timesAsked(10, description);
  expect(few).toBeGreaterThanOrEqual(10);
  expect(timesAsked(100, description)).toBeLessThanOrEqual(10 * few);
});
