/** Slurm gives ids again: when its controller has lost its state, and after MaxJobId. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AdaptorError, type PilotJobDescription } from '@pstar/core/adaptor';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectedTo, launchedIn, row } from './support/managers.ts';
import { MemoryTransport } from './support/transport.ts';

let place: string;
let slurm: MemoryTransport;

beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'pstar-slurm-ids-'));
  slurm = new MemoryTransport();
});

afterEach(() => rm(place, { recursive: true, force: true }));

const connected = (url = {}) => connectedTo(slurm, place, url);
const launched = (name: string, description: PilotJobDescription = {}) =>
  launchedIn(place, name, description);

describe('another job with the same id', () => {
  const other = (state: string) => ({ id: '101', name: 'other', state });

  it('is not believed, neither in the queue nor in records, by any connection', async () => {
    await connected().submit(await launched('a', { name: 'mine' }));
    for (const manager of [connected(), connected()]) {
      slurm.rows = [row('101', 'CANCELLED', { name: 'other' })];
      slurm.records = { source: 'completion log', jobs: [other('COMPLETED')] };
      expect(await manager.states(['101'])).toEqual([
        {
          id: '101',
          state: 'Unknown',
          detail: 'the queue has forgotten it, and the completion log does not have it',
        },
      ]);
      const own = { id: '101', name: 'mine.a', state: 'TIMEOUT' };
      slurm.records = { source: 'completion log', jobs: [other('FAILED'), own, other('RUNNING')] };
      expect(await manager.states(['101'])).toMatchObject([{ state: 'Failed' }]);
      slurm.rows = [row('101', 'RUNNING', { name: 'mine.a' })];
      expect(await manager.states(['101'])).toMatchObject([{ state: 'Running' }]);
    }
  });

  it('is not taken for an element of an array', async () => {
    const manager = connected();
    const launches = await Promise.all([launched('a'), launched('b')]);
    const ids = await Promise.all(launches.map((launch) => manager.submit(launch)));
    slurm.rows = [row('101_0', 'RUNNING', { name: 'a+1' }), row('101_1', 'FAILED')];
    const states = await connected().states(ids);
    expect(states.map(({ state }) => state)).toEqual(['Running', 'Unknown']);
  });

  it('is neither ended nor sent a signal', async () => {
    const manager = connected();
    await manager.submit(await launched('a'));
    slurm.rows = [row('101', 'RUNNING', { name: 'other' })];
    await manager.cancel(['101']);
    await expect(manager.signal('101', 'SIGUSR1')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect([slurm.canceled, slurm.signaled]).toEqual([[], []]);
    slurm.rows = [row('101', 'RUNNING', { name: 'a' })];
    await manager.cancel(['101']);
    await manager.signal('101', 'SIGUSR1');
    expect([slurm.canceled, slurm.signaled]).toEqual([['101'], ['101']]);
  });

  it('is that of a living pilot: it is ended at once, and the pilot is not', async () => {
    const manager = connected({ arrays: 'no' });
    const [a, b, c] = [await launched('a'), await launched('b'), await launched('c')];
    await manager.submit(a);
    slurm.lastId = 100;
    await expect(manager.submit(b)).rejects.toMatchObject({
      code: 'TRY_LATER',
      problem: 'Slurm gave it the id 101, which a has, whose pilot is not over',
    });
    expect(slurm.canceled).toEqual(['101']);
    slurm.rows = [row('101', 'CANCELLED', { name: 'b' })];
    expect(await manager.states(['101'])).toMatchObject([{ state: 'Unknown' }]);
    expect(await manager.find('b')).toBeUndefined();
    await rm(a.settingsFile);
    slurm.lastId = 100;
    expect(await manager.submit(c)).toBe('101');
    slurm.rows = [row('101', 'RUNNING', { name: 'c' })];
    expect(await manager.states(['101'])).toMatchObject([{ state: 'Running' }]);
  });

  it('is that of a living pilot: what was not answered is looked for until that one is over', async () => {
    const manager = connected({ arrays: 'no' });
    const [a, b] = [await launched('a'), await launched('b')];
    await manager.submit(a);
    slurm.failures = [new AdaptorError('TIMEOUT', 'late')];
    slurm.rows = [row('101', 'RUNNING', { name: 'b' })];
    await expect(manager.submit(b)).rejects.toMatchObject({ code: 'TIMEOUT' });
    await expect(manager.find('b')).rejects.toMatchObject({ code: 'TRY_LATER' });
    await rm(a.settingsFile);
    expect(await manager.find('b')).toBe('101');
    expect(await manager.states(['101'])).toMatchObject([{ state: 'Running' }]);
  });

  it('is told by when it was submitted, where ours was seen', async () => {
    await connected().submit(await launched('a'));
    slurm.rows = [row('101', 'PENDING', { name: 'a', submittedAt: 1000 })];
    expect(await connected().states(['101'])).toMatchObject([{ state: 'Pending' }]);
    slurm.rows = [row('101', 'RUNNING', { name: 'other', submittedAt: 1001 })];
    const manager = connected();
    expect(await manager.states(['101'])).toMatchObject([{ state: 'Unknown' }]);
    await manager.cancel(['101']);
    expect(slurm.canceled).toEqual([]);
  });

  it('is told by names also where ids were not written down', async () => {
    await connected().submit(await launched('a'));
    await rm(join(place, 'slurm', 'ids'), { recursive: true });
    slurm.rows = [row('101', 'RUNNING', { name: 'a' }), row('102', 'RUNNING', { name: 'other' })];
    const states = await connected().states(['101', '102']);
    expect(states.map(({ state }) => state)).toEqual(['Running', 'Unknown']);
  });
});

describe('a job that somebody has renamed', () => {
  const renamed = (state: string, submittedAt = 1000) =>
    row('101', state, { name: 'mine', submittedAt });
  const words = 'job 101 is called mine now: it was renamed, or is another with the same id';

  it('goes on to be the pilot by when it was submitted, for any connection', async () => {
    await connected().submit(await launched('a'));
    slurm.rows = [row('101', 'PENDING', { name: 'a', submittedAt: 1000 })];
    await connected().states(['101']);
    // It was requeued, which is as if it was submitted again.
    slurm.rows = [row('101', 'PENDING', { name: 'a', submittedAt: 2000 })];
    await connected().states(['101']);
    for (const submittedAt of [1000, 2000]) {
      slurm.rows = [renamed('RUNNING', submittedAt)];
      const manager = connected();
      expect(await manager.states(['101'])).toMatchObject([{ state: 'Running' }]);
      await manager.signal('101', 'SIGUSR1');
      await manager.cancel(['101']);
    }
    expect([slurm.canceled, slurm.signaled]).toEqual([
      ['101', '101'],
      ['101', '101'],
    ]);
  });

  it('goes on to be an element of an array', async () => {
    const manager = connected();
    const launches = await Promise.all([launched('a'), launched('b')]);
    const ids = await Promise.all(launches.map((launch) => manager.submit(launch)));
    const element = (id: string, name: string) => row(id, 'PENDING', { name, submittedAt: 1000 });
    slurm.rows = [element('101_0', 'a+1'), element('101_1', 'a+1')];
    await manager.states(ids);
    slurm.rows = [element('101_0', 'a+1'), element('101_1', 'mine')];
    await connected().cancel(ids);
    expect(slurm.canceled).toEqual(ids);
  });

  it('before it was ever seen may be another: it waits, and is neither ended nor called over', async () => {
    const manager = connected({ arrays: 'no' });
    await manager.submit(await launched('a'));
    await manager.submit(await launched('b'));
    const b = row('102', 'RUNNING', { name: 'b', submittedAt: 1000 });
    slurm.rows = [renamed('PENDING'), b];
    expect(await manager.states(['101', '102'])).toMatchObject([
      { state: 'Pending', detail: words, hint: expect.stringContaining('scancel 101') },
      { state: 'Running' },
    ]);
    await expect(manager.cancel(['101', '102'])).rejects.toThrow(words);
    await expect(manager.signal('101', 'SIGUSR1')).rejects.toThrow(words);
    expect([slurm.canceled, slurm.signaled]).toEqual([['102'], []]);
    slurm.rows = [renamed('RUNNING'), b];
    expect(await manager.states(['101'])).toMatchObject([{ state: 'Unknown', detail: words }]);
    // There is nothing to end any more, whosever it was.
    slurm.rows = [renamed('CANCELLED'), b];
    await manager.cancel(['101']);
    expect(await manager.states(['101'])).toMatchObject([{ state: 'Unknown', detail: words }]);
  });
});
