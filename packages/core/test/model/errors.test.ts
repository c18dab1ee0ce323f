import { describe, expect, it } from 'vitest';
import { assert, unreachable } from '../../src/model/assert.ts';
import {
  AdaptorError,
  DescriptionError,
  PilotError,
  WorkUnitCanceledError,
  WorkUnitFailedError,
} from '../../src/model/errors.ts';
import { describeExit, FAILURE_REASONS, isRetryable } from '../../src/model/exit.ts';

const EXIT = {
  exitCode: 3,
  reason: 'EXIT_CODE',
  stderrTail: 'reading\nno such column: mass\n',
  startedAt: new Date(0),
  finishedAt: new Date(1000),
  rusage: { userTime: 1, systemTime: 0, maxRss: 1 },
  host: 'n1',
  attempt: 1,
} as const;

describe('PilotError', () => {
  it('says the problem, the subject and the way out', () => {
    const cause = new Error('ENOENT');
    const error = new PilotError('RESOURCE_MANAGER_UNREACHABLE', 'squeue: command not found', {
      subject: 'login.example',
      hint: 'set slurm.path or load the module',
      cause,
    });
    expect(error.message).toBe(
      'squeue: command not found (login.example); set slurm.path or load the module',
    );
    expect(error.problem).toBe('squeue: command not found');
    expect(error.cause).toBe(cause);
    expect(error.stack).toMatch(/^PilotError: squeue: command not found \(login.example\)/);
  });

  it('has no empty fields and no dangling punctuation', () => {
    const error = new PilotError('TIMEOUT', 'no answer');
    expect(error.message).toBe('no answer');
    expect(Object.keys(error).sort()).toEqual(['code', 'problem']);
    expect('cause' in error).toBe(false);
  });

  it('knows what may succeed later', () => {
    expect(new PilotError('STORE_FULL', 'x').transient).toBe(true);
    expect(new PilotError('STORE_LOCKED', 'x').transient).toBe(false);
    expect(new PilotError('OF_A_LATER_VERSION' as never, 'x').transient).toBe(false);
  });

  it('survives as data', () => {
    const error = new PilotError('NOT_FOUND', 'no such pilot', { subject: 'p1', cause: 1 });
    const data = JSON.parse(JSON.stringify(error.toData()));
    expect(data).toEqual({ code: 'NOT_FOUND', problem: 'no such pilot', subject: 'p1' });
    expect(PilotError.fromData(data).message).toBe(error.message);
  });

  it('comes back from data as the kind that it was', () => {
    const error = new DescriptionError('DESCRIPTION_INVALID', 'is wrong', { subject: 'a' });
    const back = PilotError.fromData(error.toData());
    expect(back).toBeInstanceOf(DescriptionError);
    expect(back.message).toBe('a: is wrong');
    expect(PilotError.fromData({ code: 'TIMEOUT', problem: 'x' })).not.toBeInstanceOf(
      DescriptionError,
    );
  });
});

describe('instanceof', () => {
  it('tells kinds apart along the chain', () => {
    const error = new AdaptorError('TRY_LATER', 'busy');
    expect(error).toBeInstanceOf(Error);
    expect(error).toBeInstanceOf(PilotError);
    expect(error).toBeInstanceOf(AdaptorError);
    expect(error).not.toBeInstanceOf(DescriptionError);
    expect(error.name).toBe('AdaptorError');
    expect(new PilotError('TRY_LATER', 'busy')).not.toBeInstanceOf(AdaptorError);
  });

  it('holds for an error of another installed copy', () => {
    const foreign = Object.assign(new Error('busy'), {
      [Symbol.for('pstar.errorKinds')]: ['AdaptorError', 'PilotError'],
    });
    expect(foreign).toBeInstanceOf(PilotError);
    expect(foreign).toBeInstanceOf(AdaptorError);
    expect(foreign).not.toBeInstanceOf(DescriptionError);
  });

  it('is not fooled by a subclass without a kind of its own', () => {
    class SiteError extends PilotError {}
    expect(new SiteError('TIMEOUT', 'x')).toBeInstanceOf(SiteError);
    expect(new SiteError('TIMEOUT', 'x')).toBeInstanceOf(PilotError);
    expect(new PilotError('TIMEOUT', 'x')).not.toBeInstanceOf(SiteError);
  });

  it.each([undefined, null, 1, 'x', {}, new Error('x')])('is false for %s', (value) => {
    expect((value as unknown) instanceof PilotError).toBe(false);
  });
});

describe('DescriptionError', () => {
  it('leads with the attribute, and with the index among several', () => {
    const bare = new DescriptionError('DESCRIPTION_INVALID', 'is wrong', { hint: 'mend it' });
    expect(bare.message).toBe('is wrong; mend it');
    expect(bare.of('name').message).toBe('name: is wrong; mend it');
    const placed = bare.of('name').at(17);
    expect(placed.message).toBe('description 17: name: is wrong; mend it');
    expect(placed.index).toBe(17);
    expect(placed.subject).toBe('name');
  });
});

describe('errors of work units', () => {
  it('tell the exit and the last words', () => {
    const error = new WorkUnitFailedError('work-a.1', EXIT);
    expect(error.message).toBe(
      "exited with code 3 (work-a.1); its standard error ended with 'no such column: mass'",
    );
    expect(error.exit).toBe(EXIT);
    expect(error.unitId).toBe('work-a.1');
    expect(error).toBeInstanceOf(PilotError);
  });

  it('tell why it was canceled', () => {
    const error = new WorkUnitCanceledError('work-a.2', 'work-a.1, which it depends on, failed');
    expect(error.message).toBe('work-a.1, which it depends on, failed (work-a.2)');
    expect(error.code).toBe('WORK_UNIT_CANCELED');
  });
});

describe('exits', () => {
  it('keep the numbers of their reasons', () => {
    // These travel on the wire and stand in journals.
    expect(FAILURE_REASONS.indexOf('EXIT_CODE')).toBe(1);
    expect(FAILURE_REASONS.indexOf('SPAWN_FAILED')).toBe(9);
    expect(FAILURE_REASONS.indexOf('STAGING_FAILED')).toBe(12);
    expect(FAILURE_REASONS.indexOf('STAGING_INTERRUPTED')).toBe(13);
    expect(FAILURE_REASONS.indexOf('CALL_FAILED')).toBe(14);
    expect(FAILURE_REASONS.indexOf('DESCRIPTION_INVALID')).toBe(15);
  });

  it('are retried only where the same call may succeed', () => {
    expect(FAILURE_REASONS.filter(isRetryable)).toEqual([
      'EXIT_CODE',
      'SIGNAL',
      'TIME_LIMIT',
      'SPAWN_FAILED',
      'STAGING_INTERRUPTED',
      'CALL_FAILED',
    ]);
  });

  it.each([
    [{ exitCode: 0 }, 'exited with code 0'],
    [{ signal: 'SIGKILL', reason: 'SIGNAL' }, 'was ended by SIGKILL'],
    [{ signal: 'SIGTERM', reason: 'TIME_LIMIT' }, 'reached its wallTimeLimit and was terminated'],
    [
      { reason: 'EXECUTABLE_NOT_FOUND', problem: '/bin/nope is not there' },
      '/bin/nope is not there',
    ],
    [{ reason: 'PILOT_LOST' }, 'failed with PILOT_LOST'],
    [{}, 'ended'],
  ] as const)('are described: %o', (exit, words) => {
    expect(describeExit(exit)).toBe(words);
  });
});

describe('assertions', () => {
  it('throw defects, which are no PilotErrors', () => {
    expect(() => assert(true, 'x')).not.toThrow();
    expect(() => assert(0, 'a unit without a template')).toThrow(
      'defect: a unit without a template',
    );
    expect(() => unreachable('Sleeping' as never)).toThrow('defect: unexpected "Sleeping"');
  });
});
