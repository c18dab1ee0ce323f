import { describe, expect, it } from 'vitest';
import { AttemptFiles, filesOfAttempt } from '../../src/manager/attempt-files.ts';
import { WORK_UNIT_STATES } from '../../src/model/work-unit-state.ts';
import { ATTRIBUTE_ITEMS } from '../../src/protocol/transfer-messages.ts';
import { endedRows } from '../support/rows.ts';
import { WorkWorld } from '../support/work-world.ts';

const fileTransfer = [
  '/home/data > in',
  { source: 'log', target: '/home/logs/', direction: 'out', append: true, optional: true },
] as const;

function filesOf(world: WorkWorld, agent: string, unit: number, attempt = 1): AttemptFiles {
  const files = filesOfAttempt(world.state, agent, unit, attempt);
  if (files instanceof AttemptFiles) return files;
  throw new Error(files.problem);
}

describe('what an agent names', () => {
  it('stands for what the description says', () => {
    const world = new WorkWorld();
    world.submit({ fileTransfer, output: '/home/out', error: 'err' });
    world.join('a');
    const files = filesOf(world, 'a', 0);
    expect(files.at(0)).toMatchObject({
      path: '/home/data',
      direction: 'in',
      append: false,
      optional: false,
    });
    expect(files.at(1)).toMatchObject({
      path: '/home/logs/',
      direction: 'out',
      append: true,
      optional: true,
    });
    expect(files.at(ATTRIBUTE_ITEMS.output)).toMatchObject({ path: '/home/out', direction: 'out' });
    for (const item of [2, -4, 0.5, Number.NaN, ATTRIBUTE_ITEMS.input, ATTRIBUTE_ITEMS.error]) {
      expect(files.at(item), String(item)).toHaveProperty('problem');
    }
  });

  it('is what the unit has of its own, where it differs from others', () => {
    const world = new WorkWorld();
    const input = '/home/input';
    world.submit({ fileTransfer, input }, { fileTransfer: ['/home/other > in'], input }, {});
    world.join('a');
    expect(filesOf(world, 'a', 1).at(0)).toMatchObject({ path: '/home/other' });
    expect(filesOf(world, 'a', 1).at(1)).toHaveProperty('problem');
    expect(filesOf(world, 'a', 1).at(ATTRIBUTE_ITEMS.input)).toMatchObject({ path: input });
    expect(filesOf(world, 'a', 2).at(0)).toHaveProperty('problem');
    expect(filesOf(world, 'a', 2).at(ATTRIBUTE_ITEMS.input)).toHaveProperty('problem');
  });

  it.each([
    ['another agent', 'b', 0, 1],
    ['an agent that nobody knows', 'c', 0, 1],
    ['an earlier attempt', 'a', 0, 0],
    ['a later attempt', 'a', 0, 2],
    ['no unit', 'a', 1, 1],
  ])('is nothing for %s', (_, agent, unit, attempt) => {
    const world = new WorkWorld();
    world.join('a');
    world.submit({ fileTransfer });
    world.join('b');
    expect(filesOfAttempt(world.state, 'a', 0, 1)).toBeInstanceOf(AttemptFiles);
    expect(filesOfAttempt(world.state, agent, unit, attempt)).toEqual({
      problem: 'the attempt is not bound to this agent',
    });
  });

  it('is nothing once the attempt is over, or the agent gone', () => {
    const world = new WorkWorld();
    world.join('a');
    world.submit({ fileTransfer }, { fileTransfer });
    world.report('a', { ended: endedRows([{ unit: 0, attempt: 1 }]) });
    expect(world.stateOf(0)).toBe('Done');
    expect(filesOfAttempt(world.state, 'a', 0, 1)).toHaveProperty('problem');
    expect(filesOfAttempt(world.state, 'a', 1, 1)).toBeInstanceOf(AttemptFiles);
    world.handle({ type: 'agent-gone', now: 1, agentId: 'a', how: 'lost', detail: 'x' });
    expect(filesOfAttempt(world.state, 'a', 1, 1)).toHaveProperty('problem');
  });
});

it('agents are given units with files early enough for these to travel', () => {
  const held = (more: object): number => {
    const world = new WorkWorld();
    world.submit(...Array.from({ length: 20 }, () => ({ estimatedRunTime: '1h', ...more })));
    world.join('a');
    return Array.from({ length: 20 }, (_, unit) => world.stateOf(unit)).filter(
      (state) => state === 'Scheduled',
    ).length;
  };
  expect(held({})).toBe(4);
  expect(held({ fileTransfer })).toBe(8);
});

describe('a unit whose files did not travel', () => {
  const problem = '/home/data: ENOENT: no such file (on here)';

  it('has failed without having run, and is not tried again', () => {
    const world = new WorkWorld();
    world.submit({ fileTransfer, retries: 3 });
    world.join('a');
    const ended = endedRows([{ unit: 0, attempt: 1, reason: 'STAGING_FAILED', problem }]);
    const { moves } = world.report('a', { ended });
    expect([...moves].map((move) => WORK_UNIT_STATES[move % 16])).toEqual(['Failed']);
    expect(world.state.details.get(0)).toBe(problem);
  });

  it('has run, where it is its outputs', () => {
    const world = new WorkWorld();
    world.submit({ fileTransfer });
    world.join('a');
    const row = { unit: 0, attempt: 1, reason: 'STAGING_FAILED', exitCode: 0, problem } as const;
    const { moves } = world.report('a', { ended: endedRows([row]) });
    expect([...moves].map((move) => WORK_UNIT_STATES[move % 16])).toEqual(['Running', 'Failed']);
  });

  it('is tried again where that may help', () => {
    const world = new WorkWorld();
    world.submit({ fileTransfer, retries: 1 });
    world.join('a');
    for (const attempt of [1, 2]) {
      expect(world.stateOf(0)).toBe('Scheduled');
      const row = { unit: 0, attempt, reason: 'STAGING_INTERRUPTED', problem } as const;
      world.report('a', { ended: endedRows([row]) });
    }
    expect(world.stateOf(0)).toBe('Failed');
  });
});
