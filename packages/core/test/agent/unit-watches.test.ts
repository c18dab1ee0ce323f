import { beforeEach, describe, expect, it } from 'vitest';
import type { ManagerMessage } from '../../src/protocol/messages.ts';
import { AgentWorld, rows } from './agent-world.ts';

/** Without an attempt: as managers of an older version have it. */
function watch(unit: number, attempt?: number, on = true): ManagerMessage {
  const which = { unit, ...(attempt !== undefined && { attempt }) };
  return { type: 'watch', channel: 1, ...which, stream: 'stdout', on };
}

function cancel(units: number[]): ManagerMessage {
  return { type: 'cancel', channel: 1, ...rows(units) };
}

describe('what somebody watches', () => {
  let world: AgentWorld;
  beforeEach(() => {
    world = new AgentWorld().connect().template();
  });

  it('is of units that run, that wait, and that have just ended', () => {
    world.start([1, 2, 3, 4, 5, 6]);
    world.receive(watch(1), watch(5), watch(6), watch(6, undefined, false));
    expect(world.watched).toEqual(['1 stdout true there', '6 stdout false gone']);
    world.end(1).end(2).receive(watch(2), watch(99));
    expect(world.watched.slice(2)).toEqual([
      '5 stdout true there',
      '2 stdout true there',
      '99 stdout true gone',
    ]);
  });

  it('may be an attempt that comes only then: it is watched when that runs, and not the one before', () => {
    world.receive(watch(1, 1));
    expect(world.watched).toEqual([]);
    world.start([1]).receive(watch(1, 2)).end(1);
    expect(world.watched).toEqual(['1 stdout true there']);
    world.start([1], { attempt: 2 });
    expect(world.watched).toEqual(['1 stdout true there', '1 stdout true there']);
  });

  it('is over with an attempt that is handed back', () => {
    world.start([1, 2, 3, 4, 5, 6]).receive(watch(5, 1), watch(6, 2));
    world.receive(cancel([5, 6]));
    expect(world.watched).toEqual(['5 stdout true gone']);
    world.receive(watch(7, 1), cancel([7]));
    expect(world.watched).toEqual(['5 stdout true gone', '7 stdout true gone']);
  });
});
