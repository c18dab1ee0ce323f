import { describe, expect, it } from 'vitest';
import { gridEngine } from '../../src/adaptor/dialects/gridengine.ts';
import { withAttribute } from '../../src/adaptor/drmaa2-refusals.ts';
import { withWayOut as wayOut } from '../../src/adaptor/gridengine/refusals.ts';
import { DrmaaError } from '../../src/errors.ts';
import { parsed } from './support/launches.ts';

const denied = (diagnosis: string, more = {}) =>
  new DrmaaError('PERMISSION_DENIED', `drmaa_run_job: ${diagnosis}`, {
    drmaa: 'DENIED_BY_DRM',
    diagnosis,
    call: 'drmaa_run_job',
    ...more,
  });

const withWayOut = (error: unknown, description = {}) =>
  wayOut(error, parsed(description), gridEngine({}).rules);

describe('what Grid Engine 8.1.9 refuses', () => {
  it.each([
    ['Job was rejected because job requests unknown queue "nowhere"', 'queue'],
    ['job rejected: the requested project "nopro" does not exist', 'project'],
    ['job rejected: the requested parallel environment "nope" does not exist', 'totalCpuCount'],
    ['unknown resource "gpu"', 'nativeOptions'],
    ['attribute "h_rt" is not a time value', 'nativeOptions'],
    ['Wrong date/time format "x" specified to -dl option', 'nativeOptions'],
    ['the advance reservation id 7 is invalid', 'nativeOptions'],
    ['can\'t resolve hostname "nohost"', 'candidateHosts'],
  ])('%s is about %s', (sentence, subject) => {
    expect(withWayOut(denied(`Unable to run job: ${sentence}.\nExiting.`))).toMatchObject({
      code: 'DESCRIPTION_INVALID',
      problem: sentence,
      subject,
      drmaa: 'DENIED_BY_DRM',
      hint: expect.stringMatching(/\w/),
    });
  });

  it.each([
    ['no suitable queues', { cpuArchitecture: 'sparc' }, 'cpuArchitecture'],
    ['no suitable queues', { totalCpuCount: 2, queue: 'q' }, 'totalCpuCount, queue'],
    ['unknown resource "gpu"', { agent: { gpus: 1 } }, 'agent.gpus'],
    ['unknown resource "mem_free"', { totalPhysicalMemory: '1GiB' }, 'totalPhysicalMemory'],
    ['unknown resource "x"', { agent: { gpus: 1 }, nativeOptions: { l: 'x=1' } }, 'nativeOptions'],
  ])('%s of %j is about %s', (sentence, description, subject) => {
    expect(withWayOut(denied(sentence), description)).toMatchObject({ subject });
  });

  it('is told as it came where nothing more is known of it, or where it may be there', () => {
    const odd = denied('the moon is wrong');
    expect(withWayOut(odd)).toBe(odd);
    const inDoubt = denied('unknown queue "x"', { inDoubt: true });
    expect(withWayOut(inDoubt)).toBe(inDoubt);
  });

  it('may pass where it is a limit', () => {
    const limit = denied('job rejected: only 10 jobs are allowed per user (current job count: 10)');
    expect(withWayOut(limit)).toMatchObject({ code: 'TRY_LATER', transient: true });
  });
});

describe('what a library of DRMAA 2 refuses', () => {
  it.each([
    ['queueName: there is no nowhere', 'queue'],
    ['resourceLimits[WALLCLOCK_TIME] is too long', 'wallTimeLimit'],
    ['no candidateMachines of that name', 'candidateHosts'],
  ])('of %s is about %s', (sentence, subject) => {
    const hint = 'leave it out, or write another';
    expect(withAttribute(denied(sentence))).toMatchObject({ subject, hint });
  });

  it('is told as it came where it names no member', () => {
    const other = denied('something else');
    expect(withAttribute(other)).toBe(other);
  });
});
