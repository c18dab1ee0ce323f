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
    world
      .end(1)
      .end(2, false, { wrote: ['stdout'] })
      .receive(watch(2), watch(99));
    expect(world.watched.slice(2)).toEqual([
      '5 stdout true there',
      '2 stdout true there',
      '99 stdout true gone',
    ]);
  });

  it('is empty of a unit that has written nothing, and known as lost of one whose output is forgotten', () => {
    const wrote = { wrote: ['stdout', 'stderr'] } as const;
    world.start([1]).end(1, false, wrote);
    world.start([2]).end(2, false, { wrote: ['stderr'] });
    for (let unit = 3; unit < 33_000; unit++) world.start([unit]).end(unit, false, wrote);
    world.receive(watch(1), watch(2), watch(32_000), watch(32_999));
    world.start([1], { attempt: 2 }).end(1).receive(watch(1, 2));
    expect(world.watched).toEqual([
      '1 stdout true not kept',
      '2 stdout true gone',
      '32000 stdout true there',
      '32999 stdout true there',
      '1 stdout true gone',
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
