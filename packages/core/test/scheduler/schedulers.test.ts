import { describe, expect, it } from 'vitest';
import { PilotError } from '../../src/model/errors.ts';
import type { Round } from '../../src/scheduler/scheduler.ts';
import { type SchedulerName, schedulerOf } from '../../src/scheduler/schedulers.ts';
import { WorkWorld } from '../support/work-world.ts';

describe('schedulerOf', () => {
  it('is backfill by default, a new one each time', () => {
    expect(schedulerOf().name).toBe('backfill');
    expect(schedulerOf()).not.toBe(schedulerOf());
    expect(schedulerOf('fifo').name).toBe('fifo');
  });

  it('names the schedulers there are', () => {
    expect(() => schedulerOf('fair' as SchedulerName)).toThrow(PilotError);
    expect(() => schedulerOf('toString' as SchedulerName)).toThrow(
      "there is no scheduler 'toString' (scheduler); choose one of backfill, round-robin, fifo, " +
        'or pass an object with schedule(round)',
    );
  });
});

describe("a user's own scheduler", () => {
  it('is a plain object with one method', () => {
    const lastPlaceFirst = {
      name: 'mine',
      schedule({ classes, places, room, bind }: Round) {
        void [room, bind];
        expect(classes).toHaveLength(1);
        expect(places).toHaveLength(2);
      },
    };
    const world = new WorkWorld(lastPlaceFirst);
    world.join('p1');
    world.join('p2');
    world.submit({});
    expect(world.stateOf(0)).toBe('Pending');
  });

  it.each([
    ['more than wait', 3, '3 units bound of a class of 2'],
    ['more than there is room for', 2, '2 units bound where there is room for 0'],
  ])('that binds %s is a defect', (_, count, problem) => {
    const world = new WorkWorld({
      name: 'mine',
      schedule: (round) => {
        const [requests] = round.classes;
        const [place] = round.places;
        if (requests && place) round.bind(requests, place, count);
      },
    });
    world.join('p1', { cores: 1 });
    expect(() => world.submit({ totalCpuCount: 4 }, { totalCpuCount: 4 })).toThrow(problem);
  });
});
