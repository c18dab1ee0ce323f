import { lastValueFrom, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { hasReached, isOver } from '../../src/drmaa2/milestones.ts';
import type { Drmaa2JobStateReport } from '../../src/drmaa2/types.ts';
import { observeState, waitFor } from '../../src/drmaa2/waiting.ts';
import { DrmaaError } from '../../src/errors.ts';

const unreachable = new DrmaaError('RESOURCE_MANAGER_UNREACHABLE', 'no route');

/** Answers one after the other, and the last for ever. */
function answering<T>(...answers: readonly (T | Error)[]): () => Promise<T> {
  let next = 0;
  return async () => {
    const answer = answers[Math.min(next++, answers.length - 1)] as T | Error;
    if (answer instanceof Error) throw answer;
    return answer;
  };
}

describe('waiting', () => {
  it('asks until there is an answer, also past a resource manager that is away', async () => {
    const ask = answering<number | undefined>(undefined, unreachable, undefined, 5);
    expect(await waitFor('it', ask)).toBe(5);
  });

  it('ends with the time, with the signal, and with what does not pass', async () => {
    const never = answering<number | undefined>(undefined);
    const late = { code: 'TIMEOUT', drmaa: 'TIMEOUT' };
    await expect(waitFor('it', never, { timeout: 0 })).rejects.toMatchObject(late);
    const signal = AbortSignal.abort();
    await expect(waitFor('it', never, { signal })).rejects.toMatchObject({ code: 'ABORTED' });
    const refused = answering<number>(new DrmaaError('WRONG_STATE', 'freed'));
    await expect(waitFor('it', refused)).rejects.toMatchObject({ code: 'WRONG_STATE' });
  });
});

describe('observing', () => {
  const [queued, running, done] = (['QUEUED', 'RUNNING', 'DONE'] as const).map(
    (state): Drmaa2JobStateReport => ({ state }),
  ) as [Drmaa2JobStateReport, Drmaa2JobStateReport, Drmaa2JobStateReport];

  it('tells each change, and completes with the end', async () => {
    const sub = { ...running, subState: 'moving' };
    const ask = answering(queued, queued, running, unreachable, sub, done);
    expect(await lastValueFrom(observeState(ask).pipe(toArray()))).toEqual([
      queued,
      running,
      sub,
      done,
    ]);
  });

  it('errors with what does not pass', async () => {
    const ask = answering(queued, new DrmaaError('NOT_FOUND', 'gone'));
    await expect(lastValueFrom(observeState(ask))).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('milestones', () => {
  it.each([
    ['UNDETERMINED', false, false],
    ['QUEUED', false, false],
    ['QUEUED_HELD', false, false],
    ['RUNNING', true, false],
    ['SUSPENDED', true, false],
    ['REQUEUED', false, false],
    ['REQUEUED_HELD', false, false],
    ['DONE', true, true],
    ['FAILED', true, true],
  ] as const)('%s: started %s, terminated %s', (state, started, terminated) => {
    expect(hasReached(state, 'started')).toBe(started);
    expect(hasReached(state, 'terminated')).toBe(terminated);
    expect(isOver(state)).toBe(terminated);
  });
});
