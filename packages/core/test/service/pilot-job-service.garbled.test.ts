import { expect, it, onTestFinished } from 'vitest';
import { defineAdaptor, type ResourceManager } from '../../src/adaptor/adaptor.ts';
import { type Log, silentLog } from '../../src/runtime/log.ts';
import { pilotServices } from './pilot-services.ts';

const world = pilotServices();

/** A service at whose resource manager one native job is pending, but for what a test says. */
async function opened(more: object, connect?: () => Promise<ResourceManager>) {
  const warned: string[] = [];
  const log: Log = {
    ...silentLog,
    child: () => log,
    warn: (_: unknown, words?: string) => void warned.push(`${words}`),
  };
  const canceled = new Set<string>();
  const manager = {
    pollIntervalMs: 100,
    submit: async () => '1',
    states: async (ids: readonly string[]) =>
      ids.map((id) => ({ id, state: canceled.has(id) ? 'Canceled' : 'Pending', detail: 'waits' })),
    cancel: async ([id = '']: readonly string[]) => void canceled.add(id),
    close: async () => {},
    ...more,
  };
  const given = async () => manager as unknown as ResourceManager;
  const adaptor = defineAdaptor({ scheme: 'garbled', attributes: [], connect: connect ?? given });
  return { service: await world.open({ adaptors: [adaptor], log }), warned };
}

it('garbage of an adaptor is a warning, and the pilot goes on', async () => {
  const errors: unknown[] = [];
  const hear = (error: unknown) => errors.push(error);
  process.on('uncaughtException', hear);
  onTestFinished(() => void process.off('uncaughtException', hear));
  let push: (state: unknown) => void = () => {};
  const { service, warned } = await opened({
    states$: {
      subscribe(next: typeof push) {
        push = (state) => void setImmediate(() => next(state));
        return undefined;
      },
    },
  });
  const pilot = await service.create('garbled://', {});
  const seen: string[] = [];
  pilot.stateDetail$.subscribe((detail) => seen.push(detail));
  const running = { id: '1', state: 'Running' };
  for (const state of [null, 3, {}, { ...running, detail: 'a\nb', nodes: 'n1' }]) push(state);
  await expect.poll(() => `${seen}`).toContain('garbled: a\\nb;');
  expect(errors).toEqual([]);
  const problem = "states$ of garbled:// has given the nodes 'n1': it is left out";
  expect(warned).toEqual(expect.arrayContaining([problem]));
  await service.cancel();
});

it.each([
  ['submit() of garbled:// has failed without a word', { submit: () => Promise.reject() }],
  ["submit() of garbled:// has failed with 'no'", { submit: () => Promise.reject('no') }],
  [
    'offer() of garbled:// has failed without a word',
    {
      offer() {
        throw undefined;
      },
    },
  ],
])('%s: the pilot is refused, and is not there', async (problem, more) => {
  const { service } = await opened(more);
  const created = service.create('garbled://', {});
  await expect(created).rejects.toMatchObject({ code: 'ADAPTOR_FAILED', problem });
  expect(service.pilotJobs).toEqual([]);
});

it('a connection that is none, or none at all, is refused, and let go of', async () => {
  const { service } = await opened({}, () => Promise.reject());
  const problem = 'connect() of garbled:// has failed without a word';
  const created = service.create('garbled://', {});
  await expect(created).rejects.toMatchObject({ code: 'ADAPTOR_FAILED', problem });
  let closed = 0;
  const close = async () => {
    closed += 1;
  };
  const { service: other } = await opened({ pollIntervalMs: Number.NaN, close });
  await expect(other.create('garbled://', {})).rejects.toMatchObject({
    problem: 'connect() of garbled:// has given a connection whose pollIntervalMs is NaN',
  });
  expect(closed).toBe(1);
});
