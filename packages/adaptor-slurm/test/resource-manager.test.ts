import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AdaptorError,
  type AgentLaunch,
  type Clock,
  PilotError,
  type PilotJobDescription,
} from '@pstar/core/adaptor';
import { systemClock } from '@pstar/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from './support/clock.ts';
import { connectedTo, identifiedIn, launchedIn, row } from './support/managers.ts';
import { MemoryTransport } from './support/transport.ts';

let place: string;
let slurm: MemoryTransport;

beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'pstar-slurm-manager-'));
  slurm = new MemoryTransport();
});

afterEach(() => rm(place, { recursive: true, force: true }));

const connected = (url = {}, clock: Clock = systemClock) => connectedTo(slurm, place, url, clock);
const launched = (
  name: string,
  description: PilotJobDescription = {},
  parts: Partial<AgentLaunch> = {},
) => launchedIn(place, name, description, parts);
const known = (id: string) => identifiedIn(place, id, 'x');

describe('submit', () => {
  it('makes a job of one launch, with a log for its owner alone', async () => {
    const launch = await launched('a');
    expect(await connected().submit(launch)).toBe('101');
    expect(slurm.jobs.map(({ name }) => name)).toEqual(['a']);
    expect((await stat(launch.logFile)).mode & 0o777).toBe(0o600);
  });

  it('does not wait where a named pipe is in place of the log', async () => {
    const launch = await launched('a');
    execFileSync('mkfifo', [launch.logFile]);
    expect(await connected().submit(launch)).toBe('101');
  });

  it('makes an array of launches of one moment that want the same', async () => {
    const manager = connected();
    const launches = await Promise.all([
      launched('a'),
      launched('b'),
      launched('c', { totalCpuCount: 2 }),
    ]);
    const ids = await Promise.all(launches.map((launch) => manager.submit(launch)));
    expect(slurm.jobs.map(({ name }) => name).sort()).toEqual(['a+1', 'c']);
    const array = slurm.jobs.findIndex(({ name }) => name === 'a+1') + 101;
    expect(ids.slice(0, 2)).toEqual([`${array}_0`, `${array}_1`]);
    expect(ids[2]).toMatch(/^\d+$/);
  });

  it.each([
    ['the URL says so', { arrays: 'no' }, 1001],
    ['Slurm has none', {}, 0],
  ])('makes no array when %s', async (_, url, arrayMax) => {
    slurm.bounds = { arrayMax, shownMs: 0 };
    const manager = connected(url);
    const launches = await Promise.all([launched('a'), launched('b')]);
    await Promise.all(launches.map((launch) => manager.submit(launch)));
    expect(slurm.jobs.map(({ name }) => name).sort()).toEqual(['a', 'b']);
  });

  it('makes several arrays where one has not room for all', async () => {
    slurm.bounds = { arrayMax: 2, shownMs: 0 };
    const manager = connected();
    const launches = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((name) => launched(name)));
    const ids = await Promise.all(launches.map((launch) => manager.submit(launch)));
    expect(slurm.jobs.map(({ name }) => name)).toEqual(['a+1', 'c+1', 'e']);
    expect(ids).toEqual(['101_0', '101_1', '102_0', '102_1', '103']);
  });

  it('tries one by one what is refused together: a limit may have room for some', async () => {
    slurm.failures = [
      new AdaptorError('TRY_LATER', 'AssocMaxSubmitJobLimit'),
      undefined,
      new AdaptorError('TRY_LATER', 'AssocMaxSubmitJobLimit'),
    ];
    const manager = connected();
    const launches = await Promise.all([launched('a'), launched('b')]);
    const ids = await Promise.allSettled(launches.map((launch) => manager.submit(launch)));
    expect(ids.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('starts at once what was to start in the past', async () => {
    const clock = new ManualClock();
    clock.advance(5000);
    const manager = connected({ arrays: 'no' }, clock);
    for (const startTime of [0, 5, 60]) {
      await manager.submit(
        await launched(`at-${startTime}`, { startTime: new Date(startTime * 1000) }),
      );
    }
    expect(slurm.jobs.map(({ options }) => new Map(options).get('begin'))).toEqual([
      undefined,
      undefined,
      'uts60',
    ]);
  });

  it('takes no file in a directory that is not there', async () => {
    const launch = await launched('a', { error: `${place}/no/err` });
    await expect(connected().submit(launch)).rejects.toThrow(`no directory ${place}/no (error)`);
    expect(slurm.jobs).toEqual([]);
  });

  it('leaves nothing written down of what was refused, and keeps what was not answered', async () => {
    const manager = connected({ arrays: 'no' });
    slurm.rows = [row('7', 'PENDING', { name: 'a' }), row('8', 'PENDING', { name: 'b' })];
    slurm.failures = [
      new AdaptorError('DESCRIPTION_INVALID', 'no'),
      new AdaptorError('TIMEOUT', 'late'),
    ];
    await expect(manager.submit(await launched('a'))).rejects.toThrow('no');
    await expect(manager.submit(await launched('b'))).rejects.toThrow('late');
    expect(await manager.find('a')).toBeUndefined();
    expect(await manager.find('b')).toBe('8');
  });

  it('forgets all of an array that was refused', async () => {
    const manager = connected();
    slurm.failures = [new AdaptorError('DESCRIPTION_INVALID', 'no')];
    slurm.rows = [row('7_0', 'PENDING', { name: 'a+1' })];
    const launches = await Promise.all([launched('a'), launched('b')]);
    const ids = await Promise.allSettled(launches.map((launch) => manager.submit(launch)));
    expect(ids.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(slurm.jobs).toHaveLength(1);
    expect(await manager.find('a')).toBeUndefined();
    expect(existsSync(join(place, 'a+1'))).toBe(false);
  });

  it('says what the cluster has instead', async () => {
    const refused = (subject: string) => new AdaptorError('DESCRIPTION_INVALID', 'no', { subject });
    slurm.failures = [refused('queue'), refused('wallTimeLimit'), refused('wallTimeLimit')];
    const manager = connected();
    await expect(manager.submit(await launched('a'))).rejects.toThrow('there are debug, long');
    await expect(manager.submit(await launched('b'))).rejects.toThrow('debug allows 01:00:00');
    await expect(manager.submit(await launched('c', { queue: 'long' }))).rejects.toThrow(
      'long allows 7-00:00:00',
    );
  });

  it('refuses at once what agents elsewhere could not reach', async () => {
    slurm.cluster = [{ name: 'n1', address: 'n1.cluster', architecture: '', system: '' }];
    const manager = { host: '127.0.0.1', port: 1 };
    await expect(connected().submit(await launched('a', {}, { manager }))).rejects.toMatchObject({
      code: 'WRONG_STATE',
      hint: expect.stringContaining('listen: { host:'),
    });
    expect(slurm.jobs).toEqual([]);
    slurm.cluster = [{ name: 'n1', address: '10.0.0.2', architecture: '', system: '' }];
    const launch = await launched('b', {}, { manager });
    expect(await connected().submit(launch)).toBe('101');
  });

  it('gives one of an array up without the others', async () => {
    const clock = new ManualClock();
    const manager = connected({}, clock);
    const launches = await Promise.all([launched('a'), launched('b')]);
    const abort = new AbortController();
    const [a, b] = launches.map((launch, i) =>
      manager.submit(launch, i === 0 ? { signal: abort.signal } : {}),
    );
    await new Promise(setImmediate);
    abort.abort();
    clock.advance(10);
    await expect(a).rejects.toMatchObject({ code: 'ABORTED' });
    expect(await b).toBe('101_1');
    slurm.rows = [row('101_0', 'RUNNING', { name: 'a+1' })];
    expect(await manager.find('a')).toBe('101_0');
  });

  it('writes no secret anywhere', async () => {
    const launch = await launched('a');
    await writeFile(launch.settingsFile, '{"key":"c2VjcmV0"}');
    await connected().submit(launch);
    expect(JSON.stringify(slurm.jobs)).not.toContain('c2VjcmV0');
    expect(await readFile(join(place, 'slurm', 'launches', 'a.json'), 'utf8')).not.toContain('c2V');
  });
});

describe('render', () => {
  it('shows what is submitted, and makes no files', async () => {
    const launch = await launched('a', { totalCpuCount: 4 });
    const manager = connected();
    const script = await manager.render(launch);
    expect(existsSync(join(place, 'slurm'))).toBe(false);
    await manager.submit(launch);
    expect(slurm.jobs[0]?.script).toBe(script);
  });
});

describe('states', () => {
  it('asks once about all', async () => {
    slurm.rows = Array.from({ length: 1000 }, (_, i) => row(String(i), 'RUNNING'));
    const states = await connected().states(slurm.rows.map(({ id }) => id));
    expect(states).toHaveLength(1000);
    expect(slurm.questions).toBe(1);
  });

  it('never hands on what is no id of Slurm', async () => {
    const [state] = await connected().states(["7; echo 'x'"]);
    expect(state).toMatchObject({ state: 'Unknown' });
    expect(slurm.questions).toBe(0);
    await connected().cancel(['nonsense']);
    expect(slurm.canceled).toEqual([]);
  });

  it('takes the end of what is forgotten from records, and without them guesses nothing', async () => {
    await known('7');
    slurm.records = { source: 'accounting', jobs: [{ id: '7', name: 'x', state: 'TIMEOUT' }] };
    expect(await connected().states(['7', '8'])).toMatchObject([
      { id: '7', state: 'Failed', detail: 'TIMEOUT, by the accounting' },
      { id: '8', state: 'Unknown' },
    ]);
    slurm.records = { source: 'none', jobs: [] };
    expect(await connected().states(['7'])).toMatchObject([{ state: 'Unknown' }]);
  });

  it('knows that an element was canceled that waited and is gone before anything is forgotten', async () => {
    const clock = new ManualClock();
    const manager = connected({}, clock);
    await known('7');
    await known('8');
    slurm.rows = [row('7_1', 'PENDING'), row('7_2', 'RUNNING'), row('8', 'PENDING')];
    await manager.states(['7_1', '7_2', '8']);
    slurm.rows = [];
    clock.advance(10_000);
    const said = await manager.states(['7_1', '7_2', '8']);
    expect(said.map(({ state }) => state)).toEqual(['Canceled', 'Unknown', 'Unknown']);
    clock.advance(300_000);
    expect(await manager.states(['7_1'])).toMatchObject([{ state: 'Unknown' }]);
  });

  it('knows it too of an element that was seen to wait only when it was canceled', async () => {
    const manager = connected();
    await known('7');
    slurm.rows = [row('7_1', 'PENDING'), row('7_2', 'RUNNING')];
    await manager.cancel(['7_1', '7_2']);
    slurm.rows = [];
    const said = await manager.states(['7_1', '7_2']);
    expect(said.map(({ state }) => state)).toEqual(['Canceled', 'Unknown']);
  });
});

describe('find', () => {
  it('finds elements by their index, also when they are gone', async () => {
    const manager = connected();
    const launches = await Promise.all([launched('a'), launched('b')]);
    await Promise.all(launches.map((launch) => manager.submit(launch)));
    slurm.rows = [row('101_0', 'RUNNING', { name: 'a+1' })];
    expect(await connected().find('b')).toBe('101_1');
    slurm.rows = [];
    expect(await connected().find('b')).toBeUndefined();
    slurm.records = {
      source: 'completion log',
      jobs: [
        { id: '103', name: 'a+1', state: 'COMPLETED' },
        { id: '101', name: 'a+1', state: 'COMPLETED' },
      ],
    };
    expect(await connected().find('b')).toBe('101_1');
  });

  it('does not say that there is nothing when it could not look', async () => {
    const manager = connected();
    await manager.submit(await launched('a'));
    slurm.named = async () => {
      throw new PilotError('RESOURCE_MANAGER_UNREACHABLE', 'down');
    };
    await expect(manager.find('a')).rejects.toThrow('down');
    expect(await manager.find('never')).toBeUndefined();
  });
});

describe('info', () => {
  it('says what it is', async () => {
    expect(await connected().info()).toMatchObject({
      name: 'slurm 22.05.8',
      version: '22.05.8',
      details: { cluster: 'lab' },
    });
  });
});

describe('polls', () => {
  it('are as far apart as the URL says', () => {
    expect(connected().pollIntervalMs).toBe(10_000);
    expect(connected({ poll: 30 }).pollIntervalMs).toBe(30_000);
  });
});
