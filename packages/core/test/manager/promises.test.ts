import { beforeEach, describe, expect, it } from 'vitest';
import type { WorkEffect, WorkStep } from '../../src/manager/work-events.ts';
import { explainUnit } from '../../src/manager/work-explain.ts';
import { WORK_UNIT_STATES } from '../../src/model/work-unit-state.ts';
import { endedRows, heldRows, returnedRows, startedRows } from '../support/rows.ts';
import { NODE, WorkWorld } from '../support/work-world.ts';

const FIRST = { name: 'a' };
const NEXT = { name: 'b', dependsOn: 'a' };
/** As messages name the first attempt of the second. */
const columns = { units: Uint32Array.of(1), attempts: Uint16Array.of(1) };
const one = (unit: number, attempt = 1) => ({ unit, attempt });

/** What agents are told to start after what, in words. */
function promised({ effects }: WorkStep): string[] {
  return effects.flatMap((effect) => {
    if (effect.type !== 'start') return [];
    return effect.runs.flatMap(({ units, attempts, after }) =>
      Array.from(after?.units ?? [], (first, row) => {
        const which = `${units[row]}.${attempts[row]}`;
        return `${effect.agentId}: ${which} after ${first}.${after?.attempts[row]}`;
      }),
    );
  });
}

function effectsOf<T extends WorkEffect['type']>({ effects }: WorkStep, type: T) {
  return effects.filter((effect) => effect.type === type) as Extract<WorkEffect, { type: T }>[];
}

function movesOf({ moves }: WorkStep): string[] {
  return Array.from(moves, (move) => `${Math.floor(move / 16)} ${WORK_UNIT_STATES[move % 16]}`);
}

describe('a unit that waits for one that an agent has', () => {
  let world: WorkWorld;
  beforeEach(() => {
    world = new WorkWorld();
    world.join('a0');
  });

  it('is promised to that agent, and waits', () => {
    const step = world.submit(FIRST, NEXT);
    expect(promised(step)).toEqual(['a0: 1.1 after 0.1']);
    expect(world.stateOf(1)).toBe('Waiting');
    const [place] = world.state.places.all;
    expect(place?.bookedCores).toBe(1);
    expect(world.state.boundTo(place as never)).toEqual([0]);
  });

  it('runs there when the agent says so, and not otherwise', () => {
    world.submit(FIRST, NEXT);
    const step = world.report('a0', {
      ended: endedRows([one(0)]),
      started: startedRows([one(1)]),
    });
    expect(movesOf(step)).toEqual(['0 Running', '0 Done', '1 Pending', '1 Scheduled', '1 Running']);
    expect(effectsOf(step, 'start')).toEqual([]);
    world.report('a0', { ended: endedRows([one(1)]) });
    expect(world.stateOf(1)).toBe('Done');
    expect(world.state.places.at(0).boundCount).toBe(0);
  });

  it('may have ended by the time that anybody hears of the first', () => {
    world.submit(FIRST, NEXT, { dependsOn: 'b' });
    const step = world.report('a0', { ended: endedRows([one(0), one(1)]) });
    expect(world.stateOf(1)).toBe('Done');
    expect(world.stateOf(2)).toBe('Scheduled');
    expect(effectsOf(step, 'start')).toHaveLength(1);
  });

  it('is promised when others that it waits for are over', () => {
    const step = world.submit({ name: 'x' }, FIRST, { dependsOn: ['a', 'x'] });
    expect(promised(step)).toEqual([]);
    expect(promised(world.report('a0', { ended: endedRows([one(0)]) }))).toEqual([
      'a0: 2.1 after 1.1',
    ]);
  });

  it('is canceled once its agent has said that it does not run', () => {
    world.submit(FIRST, NEXT);
    const step = world.handle({ type: 'cancel', now: 0, units: [1], why: 'asked for' });
    expect(effectsOf(step, 'cancel')).toMatchObject([{ agentId: 'a0', ...columns }]);
    expect(world.stateOf(1)).toBe('Waiting');
    expect(explainUnit(world.state, 1, { now: 0, pilots: [], idOf: String }).summary).toMatch(
      /^is being canceled: asked for/,
    );
    world.report('a0', { returned: returnedRows([one(1)], 'asked') });
    expect(world.stateOf(1)).toBe('Canceled');
  });

  it('is in doubt when it may have started before its cancel came', () => {
    world.submit(FIRST, NEXT);
    world.handle({ type: 'cancel', now: 0, units: [1], why: '' });
    world.report('a0', { ended: endedRows([one(0)]) });
    expect(world.stateOf(1)).toBe('Unknown');
    world.report('a0', { ended: endedRows([{ ...one(1), signal: 15, terminated: true }]) });
    expect(world.stateOf(1)).toBe('Canceled');
  });

  it('is not run when the first fails, and is promised once only', () => {
    world.submit({ ...FIRST, retries: 1 }, NEXT);
    const step = world.report('a0', {
      ended: endedRows([{ ...one(0), exitCode: 1 }]),
      returned: returnedRows([one(1)], 'asked'),
    });
    expect(world.stateOf(0)).toBe('Scheduled');
    expect(world.stateOf(1)).toBe('Waiting');
    expect(promised(step)).toEqual([]);
    world.report('a0', { ended: endedRows([one(0, 2)]) });
    expect(world.stateOf(1)).toBe('Scheduled');
    expect(world.state.attempt(1)).toBe(2);
    world.submit({ name: 'c' }, { dependsOn: 'c' });
    world.report('a0', { ended: endedRows([{ ...one(2), exitCode: 1 }]) });
    expect(world.stateOf(3)).toBe('Canceled');
  });

  it('is bound like any other when it comes back though it might have run', () => {
    world.submit(FIRST, { ...NEXT, dependsOn: { unit: 'a', on: 'finished' } });
    const step = world.report('a0', {
      ended: endedRows([{ ...one(0), exitCode: 1 }]),
      returned: returnedRows([one(1)], 'asked'),
    });
    expect(movesOf(step).slice(-3)).toEqual(['1 Scheduled', '1 Pending', '1 Scheduled']);
    expect(world.state.attempt(1)).toBe(2);
  });

  it('waits as before when its agent is lost, and starts elsewhere', () => {
    world.submit(FIRST, NEXT);
    world.handle({ type: 'agent-gone', now: 0, agentId: 'a0', how: 'lost', detail: 'died' });
    expect(world.stateOf(1)).toBe('Waiting');
    const step = world.join('a1');
    // The first one may be what its pilot died of.
    expect(promised(step)).toEqual([]);
    world.report('a1', { ended: endedRows([one(0, 2)]) });
    expect([world.stateOf(1), world.state.attempt(1)]).toEqual(['Scheduled', 2]);
  });

  it.each([
    ['holds it', [one(0), one(1)], 1],
    ['has never heard of it', [one(0)], 0],
  ])('is as its agent says when that comes back and %s', (_, held, promises) => {
    world.submit(FIRST, NEXT);
    world.handle({ type: 'agent-silent', now: 0, agentId: 'a0', why: 'test' });
    const step = world.handle({
      type: 'agent-joined',
      now: 0,
      place: { agentId: 'a0', pilotId: 'a0', node: NODE },
      endsAt: undefined,
      held: heldRows(held.map((row) => ({ ...row, phase: 0 as const }))),
    });
    expect(world.state.promised.at(world.state.places.at(0))).toHaveLength(promises);
    expect(effectsOf(step, 'cancel')).toEqual([]);
    world.report('a0', { ended: endedRows([one(0)]) });
    expect([world.stateOf(1), world.state.attempt(1)]).toEqual(['Scheduled', 2 - promises]);
  });

  it('is canceled anew at an agent that comes back', () => {
    world.submit(FIRST, NEXT);
    world.handle({ type: 'cancel', now: 0, units: [1], why: '' });
    const step = world.handle({
      type: 'agent-joined',
      now: 0,
      place: { agentId: 'a0', pilotId: 'a0', node: NODE },
      endsAt: undefined,
      held: heldRows([0, 1].map((unit) => ({ ...one(unit), phase: 0 as const }))),
    });
    expect(effectsOf(step, 'cancel')).toMatchObject([{ ...columns }]);
  });

  it('is taken back from an agent that is to be used no more', () => {
    world.submit(FIRST, NEXT);
    const step = world.handle({ type: 'agent-retired', now: 0, agentId: 'a0' });
    expect(effectsOf(step, 'recall')).toMatchObject([{ ...columns }]);
    world.report('a0', { returned: returnedRows([one(1)], 'asked') });
    world.report('a0', { ended: endedRows([one(0)]) });
    expect(world.stateOf(1)).toBe('Pending');
  });

  it('does not lose its turn to those that are promised: they are as many as there are cores', () => {
    const step = world.submit(FIRST, ...Array.from({ length: 9 }, () => ({ dependsOn: 'a' })));
    expect(promised(step)).toEqual([1, 2, 3, 4].map((unit) => `a0: ${unit}.1 after 0.1`));
    world.report('a0', { ended: endedRows([one(0)]) });
    expect(world.state.units.counts[2]).toBe(0);
    const many = Array.from({ length: 65 }, () => ({ dependsOn: 'z' }));
    expect(promised(world.submit({ name: 'z' }, ...many))).toEqual([]);
  });
});

describe('a unit is not promised', () => {
  it.each([
    ['that may not run twice', { restartOnPilotLoss: false }],
    ['with files', { fileTransfer: ['/a > b'] }],
    ['that is to start later', { startTime: 100 }],
    ['that fits nowhere here', { totalCpuCount: 5 }],
    ['for another pilot', { pilotJob: 'p9' }],
  ])('%s', (_, more) => {
    const world = new WorkWorld();
    world.join('a0');
    expect(promised(world.submit(FIRST, { ...NEXT, ...more }))).toEqual([]);
  });

  it('while others wait for slots', () => {
    const world = new WorkWorld();
    world.join('a0', { cores: 1 });
    expect(promised(world.submit(FIRST, NEXT, {}))).toEqual([]);
    const other = new WorkWorld();
    other.join('a0');
    expect(promised(other.submit(FIRST, NEXT, { totalCpuCount: 5 }))).toEqual([]);
  });
});
