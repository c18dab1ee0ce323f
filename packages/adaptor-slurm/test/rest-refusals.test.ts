import { describe, expect, it } from 'vitest';
import { errorOf, refusalIn } from '../src/rest-refusals.ts';
import { type Release, recorded, recordedCase } from './recorded.ts';

function refused(release: Release, name: string) {
  const { status, body } = recordedCase(release, name);
  const refusal = refusalIn({ status, body, hadToken: false });
  if (refusal === undefined) throw new Error(`${name} is no refusal`);
  return { ...refusal, error: errorOf(refusal, 'here') };
}

describe('a refusal of 22.05.8', () => {
  it.each([
    ['no such partition', 'DESCRIPTION_INVALID', 'Invalid partition name specified', 'queue'],
    [
      'too long',
      'DESCRIPTION_INVALID',
      'Requested time limit is invalid (missing or exceeds some limit)',
      'wallTimeLimit',
    ],
    [
      'no such value',
      'DESCRIPTION_INVALID',
      'Invalid time specification; Unable to process key "time_limit"',
      'nativeOptions',
    ],
    ['no such field', 'DESCRIPTION_INVALID', 'slurmrestd: Unknown key "bogus"', 'nativeOptions'],
    ['no such gres', 'DESCRIPTION_INVALID', 'slurmrestd: Failure during parsing', 'nativeOptions'],
    ['no such job', 'NOT_FOUND', 'Invalid job id specified', 'here'],
    ['slurmctld hangs, submit', 'TIMEOUT', 'Socket timed out on send/recv operation', 'here'],
    [
      'slurmctld is gone, submit',
      'RESOURCE_MANAGER_UNREACHABLE',
      'Unable to contact slurm controller (connect failure)',
      'here',
    ],
  ])('has the code and the sentence of Slurm: %s', (name, code, problem, subject) => {
    expect(refused('slurm-22.05.8', name).error).toMatchObject({ code, problem, subject });
  });

  it('has Slurm’s numbers', () => {
    const numbers = (name: string) => refused('slurm-22.05.8', name).numbers;
    expect(numbers('cancel no such job')).toEqual([2017]);
    expect(numbers('slurmctld hangs, partitions')).toEqual([-1]);
    expect(numbers('bad token, probe')).toEqual([5005]);
  });
});

describe('an answer', () => {
  const refusal = (body: unknown, status = 200) => refusalIn({ status, body, hadToken: false });

  it('refuses nothing when what it held to say is of a job that was accepted', () => {
    expect(refusal(recorded('slurm-22.05.8', 'submit-held'))).toBeUndefined();
    expect(refusal(recorded('slurm-22.05.8', 'jobs'))).toBeUndefined();
  });

  it('refuses when it names an error, whatever its status', () => {
    const errors = [{ error: 'Unable to connect to database', error_number: 7000 }];
    const found = refusal({ errors, jobs: [] });
    expect(found).toMatchObject({ numbers: [7000] });
    expect(found && errorOf(found, 'here').code).toBe('CONNECTION_LOST');
  });

  it('of a bad status without a reason is a refusal all the same', () => {
    expect(refusal({}, 502)).toMatchObject({ said: 'slurmrestd answered 502' });
    expect(refusal('bogus', 500)).toMatchObject({ numbers: [] });
  });
});

describe('a refusal of v0.0.41, as specified', () => {
  it('has the code and the sentence of Slurm', () => {
    const { error } = refused('slurm-24.05-as-specified', 'no such partition');
    expect(error).toMatchObject({ code: 'DESCRIPTION_INVALID', subject: 'queue' });
  });
});
