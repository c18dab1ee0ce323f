import { describe, expect, it } from 'vitest';
import { gridEngine } from '../../src/adaptor/dialects/gridengine.ts';
import { OTHER_DIALECTS } from '../../src/adaptor/dialects/others.ts';
import { Drmaa1Jobs, type Drmaa1Parts } from '../../src/adaptor/drmaa1-jobs.ts';
import { DrmaaError, type DrmaaErrorName } from '../../src/errors.ts';
import { parsed } from './support/launches.ts';

const refused = (drmaa: DrmaaErrorName, code: 'NOT_FOUND' | 'TIMEOUT' = 'NOT_FOUND') =>
  new DrmaaError(code, drmaa, { drmaa });

const ENDED = { jobId: '7', exited: false, signaled: false, coreDump: false, aborted: false };

/** A session that says this, and keeps the templates that it was given. */
function jobsOf(
  says: { ps?: object; wait?: object; control?: Error },
  dialect: Drmaa1Parts['dialect'] = OTHER_DIALECTS.plain,
) {
  const templates: object[] = [];
  const session = {
    runJob: async (template: object) => {
      templates.push(template);
      return '7';
    },
    jobPsOf: async (ids: readonly string[]) => ids.map((jobId) => ({ jobId, ...says.ps })),
    wait: async () => {
      if (says.wait instanceof Error) throw says.wait;
      return { ...ENDED, ...says.wait };
    },
    control: async () => {
      if (says.control !== undefined) throw says.control;
    },
  };
  const defaults = { nativeSpecification: '' };
  const parts = { session, dialect, defaults, release: async () => {} };
  return { jobs: new Drmaa1Jobs(parts as unknown as Drmaa1Parts), templates };
}

const NOTES = new Map([['7', { job: 'a', settingsFile: '/x' }]]);
const state = async (jobs: Drmaa1Jobs, notes = NOTES) => (await jobs.states(['7'], notes))[0];

describe('states by the standard', () => {
  it.each([
    ['QUEUED_ACTIVE', 'Pending'],
    ['USER_ON_HOLD', 'Pending'],
    ['RUNNING', 'Running'],
    ['USER_SUSPENDED', 'Suspended'],
    ['UNDETERMINED', 'Unknown'],
  ])('%s is %s', async (said, ours) => {
    const { jobs } = jobsOf({ ps: { state: said } });
    expect(await state(jobs)).toEqual({ id: '7', state: ours, detail: said });
  });

  it.each([
    [
      { exited: true, exitStatus: 0 },
      { state: 'Done', exitCode: 0 },
    ],
    [
      { exited: true, exitStatus: 3 },
      { state: 'Failed', exitCode: 3 },
    ],
    [
      { signaled: true, termSignal: 'SIGXCPU' },
      { state: 'Failed', signal: 'SIGXCPU' },
    ],
    [{ aborted: true }, { state: 'Canceled', detail: 'aborted before it ran' }],
    [{ aborted: true, usage: { exit_status: '137' } }, { detail: 'deleted while it ran' }],
    [{}, { state: 'Failed', detail: 'ended, and nothing is said of how' }],
    [refused('INVALID_JOB'), { state: 'Failed', detail: 'FAILED' }],
  ])('an end of which %o is said is %o', async (wait, expected) => {
    expect(await state(jobsOf({ ps: { state: 'FAILED' }, wait }).jobs)).toMatchObject(expected);
  });

  it('are no guess where nothing is known', async () => {
    const lost = jobsOf({ ps: { state: 'FAILED' }, wait: refused('DRM_COMMUNICATION_FAILURE') });
    await expect(state(lost.jobs)).rejects.toThrow('DRM_COMMUNICATION_FAILURE');
    const away = jobsOf({ ps: { error: refused('DRM_COMMUNICATION_FAILURE') } });
    await expect(state(away.jobs)).rejects.toThrow('DRM_COMMUNICATION_FAILURE');
    const { jobs } = jobsOf({ ps: { error: refused('INVALID_JOB') } });
    expect(await state(jobs)).toMatchObject({ state: 'Unknown' });
    // Slurm's library says so of what it has never heard of.
    expect(await state(jobsOf({ ps: { state: 'FAILED' } }).jobs, new Map())).toMatchObject({
      state: 'Unknown',
    });
  });

  it('say Canceled of what was canceled here, and that what is over cannot be is no error', async () => {
    const { jobs } = jobsOf({
      ps: { state: 'FAILED' },
      wait: { signaled: true, termSignal: 'SIGKILL' },
      control: refused('INVALID_JOB'),
    });
    await jobs.cancel(['7']);
    expect(await state(jobs)).toMatchObject({ state: 'Canceled' });
    const hanging = jobsOf({ control: refused('INTERNAL_ERROR', 'TIMEOUT') });
    await expect(hanging.jobs.cancel(['7'])).rejects.toMatchObject({ code: 'TIMEOUT' });
  });
});

describe('the template', () => {
  const description = { startTime: new Date(2050, 0), contact: 'a@b.org', queue: 'q' };
  const { queue: _, ...plain } = description;
  const job = { name: 'a.p-1', script: '/s', workingDirectory: '/w', output: '/w/log' };

  it('has what the dialect has no words for', async () => {
    const { jobs, templates } = jobsOf({});
    await jobs.submit({ ...job, description: parsed(plain) });
    expect(templates).toEqual([
      {
        remoteCommand: '/bin/sh',
        args: ['/s'],
        jobName: 'a.p-1',
        workingDirectory: '/w',
        outputPath: ':/w/log',
        joinFiles: true,
        startTime: plain.startTime,
        email: ['a@b.org'],
      },
    ]);
  });

  it('has the others in the native specification, and names no file that is read otherwise', async () => {
    const { jobs, templates } = jobsOf({}, gridEngine({}));
    const odd = { workingDirectory: '/w/$HOME', output: '/w/$USER' };
    await jobs.submit({ ...job, ...odd, description: parsed(description) });
    expect(templates).toEqual([
      {
        remoteCommand: '/bin/sh',
        args: ['/s'],
        jobName: 'a.p-1',
        workingDirectory: '/',
        outputPath: ':/dev/null',
        joinFiles: true,
        nativeSpecification: '-a 205001010000.00 -q q -M a@b.org -m abes',
      },
    ]);
  });
});
