import {
  AdaptorError,
  type CommandResult,
  type CommandRunner,
  localCommandRunner,
} from '@pstar/core/adaptor';
import { describe, expect, it } from 'vitest';
import { gridEngine } from '../../../src/adaptor/dialects/gridengine.ts';
import type { Drmaa1Parts } from '../../../src/adaptor/drmaa1-jobs.ts';
import { GridEngineCommands } from '../../../src/adaptor/gridengine/commands.ts';
import { GridEngineJobs } from '../../../src/adaptor/gridengine/jobs.ts';
import { DrmaaError } from '../../../src/errors.ts';
import { parsed } from '../support/launches.ts';
import { recorded } from '../support/recorded.ts';

const failed = (stderr: string): CommandResult => ({ exitCode: 1, stdout: '', stderr });

/** A runner that answers by tool and arguments; what it does not know is not installed. */
function runner(answers: Record<string, string | CommandResult>) {
  const calls: string[] = [];
  const run = async ([program = '', ...args]: readonly string[]): Promise<CommandResult> => {
    const call = [program, ...args].join(' ');
    calls.push(call);
    const key = Object.keys(answers).find((each) => call.startsWith(each));
    if (key === undefined) throw new AdaptorError('NOT_FOUND', `${program}: command not found`);
    const answer = answers[key] as string | CommandResult;
    return typeof answer === 'string' ? { exitCode: 0, stdout: answer, stderr: '' } : answer;
  };
  return { calls, runner: { ...localCommandRunner(), run } as CommandRunner };
}

const forgotten = () => new DrmaaError('NOT_FOUND', 'no such job', { drmaa: 'INVALID_JOB' });

/** A session that says this of every native job that it is asked about. */
function jobsOf(
  answers: Parameters<typeof runner>[0],
  wait: () => Promise<unknown> = () => Promise.reject(forgotten()),
) {
  const made = runner(answers);
  const session = {
    wait,
    control: async () => {},
    jobPsOf: async (ids: readonly string[]) => ids.map((jobId) => ({ jobId, state: 'RUNNING' })),
  };
  const library = { drmSystem: 'SGE 8.1.9', implementation: 'x', version: { major: 1, minor: 0 } };
  const parts = {
    library,
    session,
    dialect: gridEngine({}),
    defaults: { nativeSpecification: '' },
    release: async () => {},
  } as unknown as Drmaa1Parts;
  const commands = new GridEngineCommands({ runner: made.runner, environment: {} });
  const jobs = new GridEngineJobs({ ...parts, commands, pe: undefined, environment: {} });
  return { jobs, calls: made.calls };
}

const note = (job: string) => ({ job, settingsFile: '/x' });
const NONE = recorded('qstat-empty.xml');

describe('states on Grid Engine', () => {
  it('come in one answer, with the reason of what is in an error state', async () => {
    const { jobs, calls } = jobsOf({
      'qstat -xml -u': recorded('qstat.xml'),
      'qstat -xml -j 29': recorded('qstat-j.xml'),
    });
    const told = await jobs.states(['25', '29'], new Map());
    expect(told).toMatchObject([
      { id: '25', state: 'Running', nodes: ['vm'] },
      { id: '29', state: 'Pending', detail: expect.stringContaining("can't chdir") },
    ]);
    expect(calls).toHaveLength(2);
  });

  it('are not those of another native job that has got its number', async () => {
    const { jobs } = jobsOf({
      'qstat -xml': recorded('qstat.xml'),
      'qacct -j 25': failed('error: job id 25 not found'),
    });
    const [told] = await jobs.states(['25'], new Map([['25', note('other')]]));
    expect(told?.state).toBe('Unknown');
  });

  it('ask for hosts that are not heard of while something is to be deleted', async () => {
    const answers: Record<string, string> = { 'qstat -xml -u': recorded('qstat.xml') };
    const { jobs, calls } = jobsOf(answers);
    await jobs.states(['25'], new Map());
    expect(calls).toHaveLength(1);
    answers['qstat -xml -u'] = recorded('qstat-deleted.xml');
    expect((await jobs.states(['1'], new Map()))[0]?.state).toBe('Running');
    answers['qstat -f -qs u'] = recorded('qstat-f-unheard.xml');
    const [told] = await jobs.states(['1'], new Map());
    expect(told).toMatchObject({
      state: 'Unknown',
      detail: expect.stringContaining('hears nothing of g1'),
    });
    answers['qstat -f -qs u'] = NONE;
    expect((await jobs.states(['1'], new Map()))[0]?.state).toBe('Running');
  });

  it('of what has left the queue are the session’s, then the accounting’s', async () => {
    const usage = { jobId: '32', exited: true, exitStatus: 4, signaled: false, aborted: false };
    const notes = new Map([['32', note('three')]]);
    const said = jobsOf({ 'qstat -xml': NONE }, async () => usage);
    expect(await said.jobs.states(['32'], notes)).toMatchObject([{ state: 'Failed', exitCode: 4 }]);
    const answers = { 'qstat -xml': NONE, 'qacct -j 32': recorded('qacct-three.txt') };
    const forgotten = jobsOf(answers);
    expect(await forgotten.jobs.states(['32'], notes)).toMatchObject([{ exitCode: 3 }]);
    // A record of the same number that is not of this name.
    const other = new Map([['32', note('four')]]);
    expect(await forgotten.jobs.states(['32'], other)).toMatchObject([{ state: 'Unknown' }]);
  });

  it('say that somebody else has deleted it', async () => {
    const status = { exit_status: '0.0000' };
    const usage = { jobId: '32', exited: false, signaled: false, aborted: true, usage: status };
    const { jobs } = jobsOf({ 'qstat -xml': NONE }, async () => usage);
    const [told] = await jobs.states(['32'], new Map([['32', note('three')]]));
    expect(told).toEqual({ id: '32', state: 'Canceled', detail: 'deleted while it ran' });
  });

  it('say that it was over a limit, which the session does not know', async () => {
    const usage = { jobId: '32', exited: true, exitStatus: 140, signaled: false, aborted: false };
    const record = recorded('qacct-three.txt')
      .replace(/(?<=^exit_status +)\d+/m, '140')
      .replace(/(?<=^failed +)\d.*/m, '37 : qmaster enforced h_rt');
    const { jobs } = jobsOf({ 'qstat -xml': NONE, 'qacct -j 32': record }, async () => usage);
    const [told] = await jobs.states(['32'], new Map([['32', note('three')]]));
    expect(told).toMatchObject({ state: 'Failed', detail: expect.stringContaining('h_rt') });
  });

  it('wait for the accounting where the session says no more than that it is over', async () => {
    let usage: object | undefined = { jobId: '32', exited: false, signaled: false, aborted: false };
    const said = async () => {
      const once = usage ?? Promise.reject(forgotten());
      usage = undefined;
      return once;
    };
    const answers: Record<string, string | CommandResult> = {
      'qstat -xml': NONE,
      'qacct -j 32': failed('error: job id 32 not found'),
    };
    const { jobs } = jobsOf(answers, said);
    const notes = new Map([['32', note('three')]]);
    expect((await jobs.states(['32'], notes))[0]?.state).toBe('Unknown');
    answers['qacct -j 32'] = recorded('qacct-three.txt');
    expect(await jobs.states(['32'], notes)).toMatchObject([{ state: 'Failed', exitCode: 3 }]);
  });

  it('say that it was canceled of what has gone before it ran and left no record', async () => {
    const answers: Record<string, string | CommandResult> = {
      'qstat -xml': recorded('qstat.xml'),
      qacct: failed('error: job id 28 not found'),
    };
    const { jobs } = jobsOf(answers);
    expect((await jobs.states(['28'], new Map()))[0]?.state).toBe('Pending');
    await jobs.cancel(['28']);
    answers['qstat -xml'] = NONE;
    expect((await jobs.states(['28'], new Map()))[0]?.state).toBe('Canceled');
  });

  it.each([
    'error: commlib error: got select error (Connection refused)',
    'error: unable to contact qmaster using port 6444 on host "g1"',
  ])('are no guess where Grid Engine does not answer: %s', async (away) => {
    const { jobs } = jobsOf({ qstat: failed(away) });
    await expect(jobs.states(['25'], new Map())).rejects.toMatchObject({
      code: 'RESOURCE_MANAGER_UNREACHABLE',
      transient: true,
    });
  });

  it('are the standard’s where there is no qstat', async () => {
    const { jobs } = jobsOf({});
    const [told] = await jobs.states(['25'], new Map([['25', note('run')]]));
    expect(told).toEqual({ id: '25', state: 'Running', detail: 'RUNNING' });
  });
});

describe('what is asked of Grid Engine', () => {
  const ENVIRONMENTS = {
    'qconf -spl': 'smp\nmpi\n',
    'qconf -sp smp': recorded('qconf-smp.txt'),
    'qconf -sp mpi': recorded('qconf-mpi.txt'),
  };
  const header = async (answers: Parameters<typeof runner>[0], description = {}) =>
    (await jobsOf(answers).jobs.plan('a.p-1', parsed(description))).header;

  it('is what qsub could read', async () => {
    expect(await header(ENVIRONMENTS, { totalCpuCount: 4, queue: 'q' })).toEqual([
      '#$ -S /bin/sh',
      '#$ -N a.p-1',
      '#$ -notify',
      '#$ -pe smp 4',
      '#$ -q q',
    ]);
  });

  it('is the parallel environment that is named, also where nobody can look', async () => {
    const description = { totalCpuCount: 4, nativeOptions: { pe: 'mpi', r: 'y' } };
    const expected = ['#$ -notify', '#$ -pe mpi 4', '#$ -r y'];
    expect((await header(ENVIRONMENTS, description)).slice(2)).toEqual(expected);
    expect((await header({}, description)).slice(2)).toEqual(expected);
    await expect(header({}, { totalCpuCount: 4 })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      hint: expect.stringContaining('?bin='),
    });
  });

  it.each([
    ['nosuch', 'there is no parallel environment nosuch'],
    ['mpi 4', 'pe: "mpi 4" is not one name'],
    ['', 'pe: "" is not one name'],
  ])('is refused for a parallel environment that is none: %j', async (pe, problem) => {
    const asked = header(ENVIRONMENTS, { totalCpuCount: 2, nativeOptions: { pe } });
    await expect(asked).rejects.toMatchObject({ subject: 'nativeOptions', problem });
  });

  it('is refused where there is none', async () => {
    const none = { 'qconf -spl': failed('no parallel environment defined') };
    await expect(header(none, { totalCpuCount: 4 })).rejects.toMatchObject({
      code: 'DESCRIPTION_INVALID',
      subject: 'totalCpuCount',
    });
  });

  it('is found by its name, in the queue or in the accounting', async () => {
    const find = (name: string) =>
      jobsOf({
        'qstat -xml': recorded('qstat.xml'),
        'qacct -j thre': recorded('qacct-three.txt'),
        'qacct -j': failed('error: job name x not found'),
      }).jobs.find(name);
    expect(await find('held.p-1')).toBe('28');
    expect(await find('three')).toBe('32');
    expect(await find('held')).toBeUndefined();
    expect(await find('thre')).toBeUndefined();
  });
});
