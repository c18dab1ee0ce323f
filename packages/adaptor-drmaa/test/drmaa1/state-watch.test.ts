import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type DrmaaJobStatus, StateWatch } from '../../src/drmaa1/state-watch.ts';
import type { DrmaaJobState } from '../../src/drmaa1/states.ts';
import { DrmaaError } from '../../src/index.ts';

describe('states that are watched', () => {
  let states: Record<string, DrmaaJobState | DrmaaError>;
  let asked: string[][];
  let watch: StateWatch;

  const seen = (id: string) => {
    const notes: string[] = [];
    const subscription = watch.state$(id).subscribe({
      next: (state) => notes.push(state),
      error: (error) => notes.push(error.code),
      complete: () => notes.push('over'),
    });
    return { notes, subscription };
  };

  beforeEach(() => {
    vi.useFakeTimers();
    states = {};
    asked = [];
    watch = new StateWatch(async (ids) => {
      asked.push([...ids]);
      return ids.map((jobId): DrmaaJobStatus => {
        const state = states[jobId] ?? new DrmaaError('NOT_FOUND', 'not there');
        return typeof state === 'string' ? { jobId, state } : { jobId, error: state };
      });
    });
  });

  afterEach(() => vi.useRealTimers());

  it('are told once each, to the end, and asked for together', async () => {
    states = { 1: 'QUEUED_ACTIVE', 2: 'RUNNING' };
    const [one, two, also] = [seen('1'), seen('2'), seen('1')];
    await vi.advanceTimersByTimeAsync(300);
    states = { 1: 'RUNNING', 2: 'FAILED' };
    await vi.advanceTimersByTimeAsync(1_000);
    states = { 1: 'DONE' };
    await vi.advanceTimersByTimeAsync(1_000);
    expect(one.notes).toEqual(['QUEUED_ACTIVE', 'RUNNING', 'DONE', 'over']);
    expect(also.notes).toEqual(one.notes);
    expect(two.notes).toEqual(['RUNNING', 'FAILED', 'over']);
    expect(asked[0]).toEqual(['1', '2']);
    expect(asked.at(-1)).toEqual(['1']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('are asked for less and less often while nothing changes, and no more when nobody looks', async () => {
    states = { 1: 'RUNNING' };
    const { subscription } = seen('1');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked.length).toBeLessThan(70);
    expect(asked.length).toBeGreaterThan(55);
    subscription.unsubscribe();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('are taken from whoever has heard of them first', async () => {
    const { notes } = seen('1');
    await vi.advanceTimersByTimeAsync(1);
    watch.saw('1', 'DONE');
    await vi.advanceTimersByTimeAsync(2_000);
    expect(notes).toEqual(['DONE', 'over']);
  });

  it('fail when they are not known, told twice, and not for what may pass', async () => {
    states = { 2: new DrmaaError('RESOURCE_MANAGER_UNREACHABLE', 'away') };
    const [one, two] = [seen('1'), seen('2')];
    await vi.advanceTimersByTimeAsync(2_000);
    expect(one.notes).toEqual(['NOT_FOUND']);
    expect(asked.filter((ids) => ids.includes('1'))).toHaveLength(2);
    expect(two.notes).toEqual([]);
    states = { 2: 'DONE' };
    await vi.advanceTimersByTimeAsync(2_000);
    expect(two.notes).toEqual(['DONE', 'over']);
  });

  it('fail with what keeps them from being asked for', async () => {
    watch = new StateWatch(() => Promise.reject(new DrmaaError('ADAPTOR_FAILED', 'broken')));
    const { notes } = seen('1');
    await vi.advanceTimersByTimeAsync(100);
    expect(notes).toEqual(['ADAPTOR_FAILED']);
  });
});
