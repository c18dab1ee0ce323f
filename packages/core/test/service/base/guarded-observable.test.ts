import { filter, map, Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { guarded } from '../../../src/service/base/guarded-observable.ts';

function setup() {
  const reported: string[] = [];
  const subject = new Subject<number>();
  const stream = guarded(subject, (error) => reported.push((error as Error).message));
  return { reported, subject, stream };
}

const fail = (message: string) => () => {
  throw new Error(message);
};

describe('a guarded observable', () => {
  it('reports what a subscriber throws, and goes on for it and for others', () => {
    const { reported, subject, stream } = setup();
    const seen: number[] = [];
    let calls = 0;
    stream.subscribe(() => {
      calls++;
      throw new Error('mine');
    });
    stream.subscribe((value) => seen.push(value));
    subject.next(1);
    subject.next(2);
    expect(seen).toEqual([1, 2]);
    expect(calls).toBe(2);
    expect(reported).toEqual(['mine', 'mine']);
  });

  it('guards what comes out of pipe()', () => {
    const { reported, subject, stream } = setup();
    stream
      .pipe(filter((value) => value > 1))
      .subscribe({ next: fail('piped'), complete: fail('end') });
    subject.next(1);
    subject.next(2);
    subject.complete();
    expect(reported).toEqual(['piped', 'end']);
  });

  it("reports an operator's error that nobody handles, and leaves handled ones to their handler", () => {
    const { reported, subject, stream } = setup();
    const handled: unknown[] = [];
    stream.pipe(map(fail('in map'))).subscribe();
    stream.pipe(map(fail('handled'))).subscribe({ error: (error) => handled.push(error) });
    subject.next(1);
    expect(reported).toEqual(['in map']);
    expect(handled).toHaveLength(1);
  });

  it('unsubscribes like any other', () => {
    const { subject, stream } = setup();
    const seen: number[] = [];
    const subscription = stream.subscribe((value) => seen.push(value));
    subject.next(1);
    subscription.unsubscribe();
    subject.next(2);
    expect(seen).toEqual([1]);
    expect(subject.observed).toBe(false);
  });
});
