import { beforeEach, describe, expect, it } from 'vitest';
import { Drmaa2Jobs, type Drmaa2Parts } from '../../src/adaptor/drmaa2-jobs.ts';
import { DrmaaError } from '../../src/errors.ts';
import { parsed } from './support/launches.ts';

/** How many handles there are, and how often all were asked for. */
let handles: number;
let asked: number;
/** What is said of native jobs that are over, and of those that are not. */
let info: object;
let state: object;
let problem: Error | undefined;
let released: boolean[];
beforeEach(() => {
  [handles, asked] = [0, 0];
  [info, state] = [{}, { state: 'RUNNING' }];
  problem = undefined;
  released = [];
});

function handle(id: string, jobName: string) {
  handles += 1;
  return {
    id,
    getJobTemplate: async () => ({ jobName }),
    getState: async () => state,
    getInfo: async () => info,
    terminate: async () => {
      if (problem !== undefined) throw problem;
    },
    [Symbol.dispose]: () => {
      handles -= 1;
    },
  };
}

function connect() {
  const session = {
    getJobs: async () => {
      asked += 1;
      return [handle('1', 'a.p-10'), handle('2', 'a.p-1'), handle('3', 'b')];
    },
    runJob: async (template: object) => Object.assign(handle('4', ''), { template }),
  };
  const monitoring = {
    getAllMachines: async () => [{ name: 'n1' }, {}],
    [Symbol.asyncDispose]: async () => {},
  };
  const library = { openMonitoringSession: async () => monitoring };
  const release = async (isNeeded: boolean) => void released.push(isNeeded);
  return new Drmaa2Jobs({ library, session, release, defaults: {} } as unknown as Drmaa2Parts);
}

const notes = (...ids: string[]) =>
  new Map(ids.map((id) => [id, { job: `p-${id}`, settingsFile: '/x' }]));

describe('native jobs of DRMAA 2', () => {
  it('are found by exactly their names, and nothing is held for it', async () => {
    expect(await connect().find('a.p-1')).toBe('2');
    expect(await connect().find('a.p')).toBeUndefined();
    expect(handles).toBe(0);
  });

  it('are asked for once, those of others are let go, and all when it is closed', async () => {
    const jobs = connect();
    const told = await jobs.states(['1', '2', '9'], notes('1', '2', '9'));
    expect(told.map((each) => each.state)).toEqual(['Running', 'Running', 'Unknown']);
    await jobs.states(['1', '2'], notes('1', '2'));
    expect([asked, handles]).toEqual([1, 2]);
    await jobs.close(1);
    expect([handles, released]).toEqual([0, [true]]);
    await connect().close(0);
    expect(released).toEqual([true, false]);
  });

  it.each([
    [{ state: 'QUEUED_HELD' }, {}, { state: 'Pending', detail: 'QUEUED_HELD' }],
    [{ state: 'SUSPENDED' }, {}, { state: 'Suspended' }],
    [
      { state: 'RUNNING', subState: 'x' },
      { allocatedMachines: [{ machineName: 'n1' }] },
      { state: 'Running', detail: 'RUNNING (x) on n1' },
    ],
    [{ state: 'DONE' }, { exitStatus: 0 }, { state: 'Done', exitCode: 0 }],
    [{ state: 'DONE' }, { exitStatus: 2 }, { state: 'Failed', exitCode: 2 }],
    [{ state: 'FAILED' }, { exitStatus: 0, annotation: 'no' }, { detail: 'FAILED: no' }],
    [{ state: 'FAILED' }, { terminatingSignal: 'KILL' }, { state: 'Failed', signal: 'KILL' }],
  ])('%o with %o are told as %o', async (said, known, expected) => {
    [state, info] = [said, known];
    expect((await connect().states(['1'], notes('1')))[0]).toMatchObject({ id: '1', ...expected });
  });

  it('are canceled when they were here, unless they cannot be', async () => {
    const jobs = connect();
    problem = new DrmaaError('WRONG_STATE', 'it is over');
    await jobs.cancel(['1', 'nonsense']);
    [state, info] = [{ state: 'FAILED' }, { terminatingSignal: 'SIGKILL' }];
    expect((await jobs.states(['1'], notes('1')))[0]?.state).toBe('Canceled');
    problem = new DrmaaError('TIMEOUT', 'no answer');
    await expect(connect().cancel(['1'])).rejects.toBe(problem);
  });

  it('are submitted as a shell with a script', async () => {
    const jobs = connect();
    const job = { name: 'a', script: '/s', workingDirectory: '/w', output: '/w/log' };
    const description = parsed({ queue: 'q' });
    expect(await jobs.submit({ ...job, description })).toBe('4');
    expect((await jobs.plan('a', description)).header).toEqual([
      '# jobName: "a"',
      '# queueName: "q"',
    ]);
  });

  it('come to run on machines that have names', async () => {
    expect(await connect().hosts()).toEqual([['n1']]);
  });
});
