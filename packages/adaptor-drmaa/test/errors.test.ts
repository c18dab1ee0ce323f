import { AdaptorError, PilotError } from '@pstar/core';
import { describe, expect, it } from 'vitest';
import { DrmaaError } from '../src/index.ts';

const facts = {
  subject: '17',
  hint: 'look again',
  drmaa: 'INVALID_JOB',
  diagnosis: 'no such job',
  call: 'drmaa_job_ps',
} as const;

describe('DrmaaError', () => {
  it('is an AdaptorError with what DRMAA knows besides', () => {
    const error = new DrmaaError('NOT_FOUND', 'it is not there', facts);
    expect(error).toBeInstanceOf(AdaptorError);
    expect(error).toBeInstanceOf(PilotError);
    expect(error).toMatchObject({ code: 'NOT_FOUND', inDoubt: false, ...facts });
    expect(error.message).toBe('it is not there (17); look again');
    expect(new PilotError('NOT_FOUND', 'x')).not.toBeInstanceOf(DrmaaError);
  });

  it('crosses from one process to another', () => {
    const error = new DrmaaError('TIMEOUT', 'late', { ...facts, inDoubt: true });
    const data = structuredClone(error.toData());
    expect(data).toEqual({ code: 'TIMEOUT', problem: 'late', inDoubt: true, ...facts });
    expect(DrmaaError.fromData(data)).toMatchObject({ ...data, name: 'DrmaaError' });
    expect(new DrmaaError('TIMEOUT', 'late').toData()).toEqual({
      code: 'TIMEOUT',
      problem: 'late',
    });
  });
});
