import { describe, expect, it } from 'vitest';
import type { NativeState, ResourceManager } from '../../../src/adaptor/adaptor.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import { Answers } from '../../../src/service/resource-managers/answers.ts';
import { NativeJobs } from '../../../src/service/resource-managers/native-jobs.ts';
import { ManualClock } from '../../agent/manual-clock.ts';

/** Native jobs of a manager whose calls settle when a test says so. */
class World {
  readonly clock = new ManualClock();
  readonly reports: string[] = [];
  /** What answers each call for states so far. */
  readonly asked: ((states: readonly NativeState[]) => void)[] = [];
  readonly answers: Answers;
  readonly jobs: NativeJobs;

  constructor(more: Partial<ResourceManager> = {}) {
    const manager: Partial<ResourceManager> = {
      states: () => new Promise((resolve) => this.asked.push(resolve)),
      ...more,
    };
    this.answers = new Answers(manager as ResourceManager, this.clock);
    this.jobs = new NativeJobs({
      manager: this.answers.manager,
      rm: 'fake://',
      clock: this.clock,
      log: silentLog,
      report: (pilot, { state }) => this.reports.push(`${pilot} ${state}`),
    });
  }

  async pass(seconds: number): Promise<void> {
    for (let i = 0; i < seconds; i++) {
      this.clock.advance(1000);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

/** How a promise has settled by now. */
function outcomeOf(promise: Promise<unknown>): { value: unknown } {
  const outcome: { value: unknown } = { value: 'open' };
  promise.then(
    () => (outcome.value = 'settled'),
    (error: unknown) => (outcome.value = error),
  );
  return outcome;
}

describe('a call that does not settle', () => {
  it('is an outage after a while, and what it says afterwards is dropped', async () => {
    const world = new World();
    world.jobs.watch('p', '7');
    await world.pass(4);
    expect(world.answers.trouble).toBeUndefined();
    await world.pass(26);
    expect(world.answers.trouble).toBe('states() of the adaptor has not settled for 29 s');
    await world.pass(152);
    const problem = 'states() of the adaptor has not settled for 180 s; it is asked again';
    expect(world.jobs.trouble).toBe(problem);
    await world.pass(60);
    expect(world.asked).toHaveLength(2);
    const [first, second] = world.asked;
    first?.([{ id: '7', state: 'Done', detail: 'late' }]);
    await world.pass(1);
    expect(world.reports).toEqual([]);
    second?.([{ id: '7', state: 'Running', detail: 'in time' }]);
    await world.pass(1);
    expect(world.reports).toEqual(['p Running']);
    expect([world.jobs.trouble, world.answers.trouble]).toEqual([undefined, undefined]);
  });

  it('of cancel() is tried again, and states are asked for all the same', async () => {
    let cancels = 0;
    const states = async () => [{ id: '7', state: 'Running', detail: '' } as const];
    const cancel = () => new Promise<void>(() => (cancels += 1));
    const world = new World({ cancel, states });
    world.jobs.watch('p', '7');
    await world.pass(1);
    world.jobs.cancel('7');
    await world.pass(10);
    expect(world.answers.trouble).toContain('cancel() of the adaptor has not settled');
    const { length } = world.reports;
    await world.pass(300);
    expect(cancels).toBe(2);
    expect(world.reports.length).toBeGreaterThan(length);
  });

  it('of find() is given up, and of close() sooner', async () => {
    const never = () => new Promise<never>(() => {});
    const world = new World({ find: never, close: never });
    const found = outcomeOf(world.answers.manager.find?.('name') as Promise<unknown>);
    const closed = outcomeOf(world.jobs.close());
    await world.pass(11);
    expect(closed.value).toMatchObject({ code: 'RESOURCE_MANAGER_UNREACHABLE' });
    expect(found.value).toBe('open');
    await world.pass(180);
    expect(found.value).toMatchObject({ code: 'RESOURCE_MANAGER_UNREACHABLE' });
  });

  it('of submit() is waited for: it may stand in a queue', async () => {
    const world = new World({ submit: () => new Promise<never>(() => {}) });
    const submitted = outcomeOf(world.answers.manager.submit({} as never));
    await world.pass(3600);
    expect(submitted.value).toBe('open');
  });
});

it('a connection keeps its own fields, and its methods know them', async () => {
  class Manager {
    readonly #name = 'mine';
    pollIntervalMs = 7;
    async info() {
      return { name: this.#name };
    }
    async states() {
      return [{ id: this.#name, state: 'Done', detail: '' } as const];
    }
  }
  const { manager } = new Answers(new Manager() as unknown as ResourceManager, new ManualClock());
  expect(await manager.info()).toEqual({ name: 'mine' });
  expect(await manager.states?.([])).toMatchObject([{ id: 'mine' }]);
  expect([manager.pollIntervalMs, manager.find]).toEqual([7, undefined]);
});
