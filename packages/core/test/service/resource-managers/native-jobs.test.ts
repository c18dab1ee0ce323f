import { Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { NativeState, ResourceManager } from '../../../src/adaptor/adaptor.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import { NativeJobs } from '../../../src/service/resource-managers/native-jobs.ts';
import { ManualClock } from '../../agent/manual-clock.ts';

/** One native job at a resource manager that says what a test wants. */
class World {
  readonly clock = new ManualClock();
  readonly reports: string[] = [];
  readonly canceled: string[] = [];
  polls = 0;
  readonly warned: string[] = [];
  /** What is known of job 7; nothing at all without it, and an error is thrown. */
  answer: NativeState['state'] | Error | undefined = 'Running';
  readonly jobs: NativeJobs;

  /** Happens while it is asked. */
  answering: (() => void) | undefined;

  constructor(more: Partial<ResourceManager> = {}) {
    const manager: Partial<ResourceManager> = {
      states: async ([id = '']) => {
        this.polls += 1;
        this.answering?.();
        if (this.answer instanceof Error) throw this.answer;
        return this.answer === undefined ? [] : [{ id, state: this.answer, detail: 'as it says' }];
      },
      cancel: async (ids) => {
        if (this.answer instanceof Error) throw this.answer;
        this.canceled.push(...ids);
      },
      close: async () => {},
      ...more,
    };
    this.jobs = new NativeJobs({
      manager: manager as ResourceManager,
      rm: 'fake://',
      clock: this.clock,
      log: {
        ...silentLog,
        warn: (_: unknown, words?: string) => void this.warned.push(`${words}`),
      },
      report: (pilot, { state }, forgotten) =>
        this.reports.push(`${pilot} ${state}${forgotten ? ', forgotten' : ''}`),
    });
  }

  /** Lets so much time pass, a second at a time, with all that is asked and answered in it. */
  async pass(seconds: number): Promise<void> {
    for (let i = 0; i < seconds; i++) {
      this.clock.advance(1000);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  get last(): string | undefined {
    return this.reports.at(-1);
  }
}

function watching(): World {
  const world = new World();
  world.jobs.watch('p', '7');
  return world;
}

describe('a native job', () => {
  it('is watched until it is over', async () => {
    const world = watching();
    await world.pass(30);
    world.answer = 'Done';
    await world.pass(30);
    expect(world.last).toBe('p Done');
    const { polls } = world;
    await world.pass(100);
    expect(world.polls).toBe(polls);
  });

  it.each(['Unknown', undefined] as const)('that is %s for long is forgotten', async (answer) => {
    const world = watching();
    world.answer = answer;
    await world.pass(55);
    expect(world.last).toBe('p Unknown');
    await world.pass(30);
    expect(world.last).toBe('p Unknown, forgotten');
  });

  it('that is seen in between is not', async () => {
    const world = watching();
    for (let i = 0; i < 5; i++) {
      world.answer = undefined;
      await world.pass(40);
      world.answer = 'Pending';
      await world.pass(20);
    }
    expect(world.reports).not.toContain('p Unknown, forgotten');
  });

  it('is not forgotten by one that does not answer', async () => {
    const world = watching();
    world.answer = undefined;
    await world.pass(30);
    world.answer = new Error('Unable to contact slurm controller');
    await world.pass(600);
    expect(world.jobs.trouble).toBe('Unable to contact slurm controller');
    // What was unknown before may be there in truth: it is counted anew.
    world.answer = undefined;
    while (world.jobs.trouble !== undefined) await world.pass(1);
    await world.pass(50);
    expect(world.reports).not.toContain('p Unknown, forgotten');
    await world.pass(30);
    expect(world.last).toBe('p Unknown, forgotten');
  });

  it('that vanishes when it is ended is believed to be over soon', async () => {
    const world = watching();
    await world.pass(20);
    world.jobs.cancel('7');
    await world.pass(1);
    world.answer = undefined;
    await world.pass(12);
    expect(world.canceled).toEqual(['7']);
    expect(world.last).toBe('p Unknown, forgotten');
  });

  it('is as it was pushed, not as it was before', async () => {
    const pushed = new Subject<NativeState>();
    const world = new World({ states$: pushed });
    world.jobs.watch('p', '7');
    await world.pass(5);
    world.answer = 'Pending';
    world.answering = () => pushed.next({ id: '7', state: 'Running', detail: 'pushed' });
    await world.pass(11);
    expect(world.reports.filter((report) => report === 'p Pending')).toEqual([]);
    world.answering = undefined;
    await world.pass(11);
    expect(world.last).toBe('p Pending');
  });

  it('is looked at within a minute when its resource manager is back', async () => {
    const world = watching();
    world.answer = new Error('away');
    await world.pass(7200);
    world.answer = 'Failed';
    await world.pass(60);
    expect(world.last).toBe('p Failed');
  });

  it('that is over is reported, also where others cannot be ended', async () => {
    const world = new World({ cancel: async () => Promise.reject(new Error('h2 is away')) });
    world.jobs.watch('p', '7');
    await world.pass(3);
    world.jobs.cancel('7');
    world.answer = 'Canceled';
    await world.pass(1);
    expect(world.last).toBe('p Canceled');
    expect(world.jobs.trouble).toBe('h2 is away');
  });

  it('warns of an outage once, however often it is asked meanwhile', async () => {
    const world = watching();
    for (const outage of [1, 2]) {
      world.answer = new Error('away');
      await world.pass(600);
      expect(world.warned).toHaveLength(outage);
      world.answer = 'Running';
      while (world.jobs.trouble !== undefined) await world.pass(1);
    }
  });

  it.each(['asked', 'pushed'])(
    'in a state that is none, as it is %s, is Unknown, with one warning of the word',
    async (how) => {
      const pushed = new Subject<NativeState>();
      const world = new World({ states$: pushed });
      world.answer = how === 'asked' ? ('Bogus' as never) : 'Unknown';
      world.jobs.watch('p', '7');
      await world.pass(20);
      pushed.next({ id: '7', state: 'Bogus' as never, detail: '' });
      expect(new Set(world.reports)).toEqual(new Set(['p Unknown']));
      expect(world.warned).toEqual([expect.stringContaining("'Bogus'")]);
    },
  );

  it('that no pilot has is ended, and watched until it is over', async () => {
    const world = new World();
    world.jobs.end('7');
    await world.pass(5);
    expect(world.canceled).toEqual(['7']);
    world.answer = 'Canceled';
    await world.pass(20);
    const { polls } = world;
    await world.pass(100);
    expect([world.polls, world.reports]).toEqual([polls, []]);
  });

  it('that was only pushed to be over is said to be again when it is watched again, and canceled first', async () => {
    const pushed = new Subject<NativeState>();
    const world = new World({ states$: pushed });
    Object.assign(world.jobs.manager, { states: undefined });
    world.jobs.watch('p', '7');
    await world.pass(5);
    pushed.next({ id: '7', state: 'Failed', detail: 'pushed' });
    await world.pass(20);
    expect(world.reports).toEqual(['p Failed']);
    world.jobs.watch('p', '7');
    world.jobs.cancel('7');
    await world.pass(20);
    expect([world.reports, world.canceled]).toEqual([['p Failed', 'p Failed'], ['7']]);
    world.jobs.unwatch('p', '7');
    world.jobs.watch('q', '7');
    await world.pass(20);
    expect(world.reports).toHaveLength(2);
  });

  it('is heard of no more once it is given up', async () => {
    const world = watching();
    await world.pass(3);
    world.jobs.unwatch('p', '7');
    const { polls } = world;
    await world.pass(100);
    expect(world.polls).toBe(polls);
  });
});
