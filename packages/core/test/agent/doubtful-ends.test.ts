import { describe, expect, it } from 'vitest';
import { DoubtfulEnds } from '../../src/agent/doubtful-ends.ts';
import type { RunOutcome } from '../../src/agent/service-work.ts';
import { FAILURE_REASONS } from '../../src/model/exit.ts';
import { ManualClock } from './manual-clock.ts';

const NEVER: RunOutcome = {
  reason: 0,
  startedAt: 0,
  finishedAt: 1,
  userTime: 0,
  systemTime: 0,
  maxRss: 0,
  terminated: false,
};

describe('an end by a signal that nobody had asked for', () => {
  function world() {
    const clock = new ManualClock();
    const taken: [number, boolean][] = [];
    const ends = new DoubtfulEnds(clock, (key, { terminated }) => taken.push([key, terminated]));
    return { clock, taken, ends };
  }

  it.each([{ signal: 15 }, { exitCode: 143 }, { signal: 9 }, { exitCode: 137 }])(
    'is the agent’s own if that is told: %o',
    (how) => {
      const { ends, taken, clock } = world();
      ends.put(7, { ...NEVER, ...how });
      expect(taken).toEqual([]);
      ends.wereTold();
      expect(taken).toEqual([[7, true]]);
      clock.advance(10_000);
      expect(taken.length).toBe(1);
    },
  );

  it('is the unit’s own if the agent hears nothing', () => {
    const { ends, taken, clock } = world();
    ends.put(7, { ...NEVER, signal: 15 });
    clock.advance(10_000);
    ends.wereTold();
    expect(taken).toEqual([[7, false]]);
  });

  it('is the only one that waits', () => {
    const { ends, taken } = world();
    ends.put(1, { ...NEVER, exitCode: 0 });
    ends.put(2, { ...NEVER, signal: 11 });
    ends.put(3, { ...NEVER, signal: 15, terminated: true });
    const reason = FAILURE_REASONS.indexOf('TIME_LIMIT');
    ends.put(4, { ...NEVER, signal: 15, reason });
    expect(taken.map(([key]) => key)).toEqual([1, 2, 3, 4]);
  });
});
