/** Resource managers that are gone for good do not keep a program from ending. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import {
  defineAdaptor,
  type NativeState,
  type ResourceManager,
} from '../../src/adaptor/adaptor.ts';
import { PilotError } from '../../src/model/errors.ts';
import type { Log } from '../../src/runtime/log.ts';
import { silentLog } from '../../src/runtime/log.ts';
import type { PilotJobService } from '../../src/service/pilot-job-service.ts';
import { pilotServices } from './pilot-services.ts';

const world = pilotServices();
const away = new PilotError('RESOURCE_MANAGER_UNREACHABLE', 'slurmctld is away');

// All clocks are moved by hand; what is read and written takes the time that it takes.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** So many seconds, with all that happens in them. */
async function pass(seconds: number): Promise<void> {
  for (let i = 0; i < 10 * seconds; i++) {
    vi.advanceTimersByTime(100);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Moves the clocks until something settles. */
async function eventually<T>(promise: Promise<T>): Promise<PromiseSettledResult<T>> {
  let result: PromiseSettledResult<T> | undefined;
  void Promise.allSettled([promise]).then(([settled]) => {
    result = settled;
  });
  while (result === undefined) await pass(0.1);
  return result;
}

/** A queue that may be gone. */
class Queue implements Partial<ResourceManager> {
  readonly canceled: string[] = [];
  problem: PilotError | undefined;
  isOutOfReach = false;

  async submit(): Promise<string> {
    return '1';
  }
  async states(ids: readonly string[]): Promise<NativeState[]> {
    if (this.problem) throw this.problem;
    const state = (id: string) => (this.canceled.includes(id) ? 'Canceled' : 'Pending');
    return ids.map((id) => ({ id, state: state(id), detail: 'as it says' }));
  }
  async cancel(ids: readonly string[]): Promise<void> {
    if (this.problem) throw this.problem;
    this.canceled.push(...ids);
  }
  async find(): Promise<string | undefined> {
    if (this.problem) throw this.problem;
    return undefined;
  }
  async close(): Promise<void> {}
}

const warnings: string[] = [];
const log: Log = {
  ...silentLog,
  warn: (_about: unknown, words?: unknown) => warnings.push(`${words}`),
};

async function open(queue: Queue): Promise<PilotJobService> {
  warnings.length = 0;
  const adaptor = defineAdaptor({
    scheme: 'fake',
    attributes: [],
    connect: async () => {
      if (queue.isOutOfReach) throw away;
      return queue as Partial<ResourceManager> as ResourceManager;
    },
  });
  return world.open({ id: 'pilots-1', adaptors: [adaptor], log });
}

it('cancel() rejects, and the service that is opened again sees it through', async () => {
  const queue = new Queue();
  const service = await open(queue);
  const pilot = await service.create('fake://', { agent: { lease: '10min' } });
  queue.problem = away;
  expect(await eventually(service.cancel())).toMatchObject({
    reason: { code: 'TIMEOUT', subject: `${pilot.id} at fake://` },
  });
  expect(service.state).toBe('Closed');
  expect(warnings).toEqual([
    'the resource manager does not answer',
    'not known to be over, and canceled when its service is opened again; ' +
      'agents that are still there end by themselves after 10 min without their manager',
  ]);
  await service.close();

  queue.problem = undefined;
  const again = await open(queue);
  expect(again.pilotJobs).toMatchObject([{ id: pilot.id, state: 'Pending' }]);
  const [left] = again.pilotJobs;
  await eventually(left?.finished() ?? Promise.reject());
  expect(left?.state).toBe('Canceled');
  expect(queue.canceled).toEqual(['1']);
});

it('the end of an `await using` block is no failure', async () => {
  const queue = new Queue();
  const service = await open(queue);
  await service.create('fake://', {});
  queue.problem = away;
  expect(await eventually(service[Symbol.asyncDispose]())).toMatchObject({ status: 'fulfilled' });
  expect(service.state).toBe('Closed');
  expect(warnings).toHaveLength(2);
});

it('the cancel() of a pilot is given up as well, and goes on in its service', async () => {
  const queue = new Queue();
  const service = await open(queue);
  const pilot = await service.create('fake://', {});
  queue.problem = away;
  expect(await eventually(pilot.cancel())).toMatchObject({ reason: { code: 'TIMEOUT' } });
  expect(service.state).toBe('Open');
  queue.problem = undefined;
  await eventually(pilot.finished());
  expect(pilot.state).toBe('Canceled');
  await eventually(service.cancel());
  expect(service.state).toBe('Canceled');
});

it('whether a pilot was accepted may be what cannot be known', async () => {
  const queue = new Queue();
  const service = await open(queue);
  queue.problem = away;
  queue.submit = async () => {
    throw new PilotError('TIMEOUT', 'no answer in 60 s');
  };
  const created = service.create('fake://', {});
  created.catch(() => {});
  while (!warnings.includes('whether it was submitted cannot be known yet')) await pass(0.1);
  expect(await eventually(service.cancel())).toMatchObject({ reason: { code: 'TIMEOUT' } });
  expect(await eventually(created)).toMatchObject({ reason: { code: 'SERVICE_CLOSED' } });

  // Neither is it known by the next process, which comes no further than to the door.
  queue.isOutOfReach = true;
  const again = await open(queue);
  expect(await eventually(again.cancel())).toMatchObject({ reason: { code: 'TIMEOUT' } });
  expect(again.state).toBe('Closed');
});
