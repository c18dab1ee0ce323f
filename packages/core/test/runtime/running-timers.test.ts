import { beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../src/runtime/clock.ts';
import { RunningTimers } from '../../src/runtime/running-timers.ts';

/** Time that passes when it is told to. */
class TestClock implements Clock {
  time = 0;
  #calls: { readonly at: number; readonly call: () => void }[] = [];

  now(): number {
    return this.time;
  }
  monotonic(): number {
    return this.time;
  }
  after(ms: number, call: () => void) {
    const entry = { at: this.time + ms, call };
    this.#calls.push(entry);
    return { cancel: () => this.#drop(entry) };
  }
  /** In steps of a millisecond, with every call in its time. */
  run(ms: number): void {
    for (let i = 0; i < ms; i++) this.stall(1);
  }
  /** All at once, as when the event loop was blocked. */
  stall(ms: number): void {
    this.time += ms;
    for (const entry of this.#calls.filter(({ at }) => at <= this.time)) {
      this.#drop(entry);
      entry.call();
    }
  }
  #drop(entry: { readonly at: number }): void {
    this.#calls = this.#calls.filter((each) => each !== entry);
  }
}

describe('RunningTimers', () => {
  let clock: TestClock;
  let timers: RunningTimers;
  let called: string[];

  beforeEach(() => {
    clock = new TestClock();
    timers = new RunningTimers(clock, 10);
    called = [];
  });

  it('calls once, after so much running', () => {
    timers.after(100, () => called.push('a'));
    clock.run(99);
    expect(called).toEqual([]);
    clock.run(200);
    expect(called).toEqual(['a']);
    expect(timers.now).toBe(290);
  });

  it('does not count a time in which this process stood still', () => {
    timers.after(100, () => called.push('a'));
    clock.run(50);
    clock.stall(60_000);
    expect(called).toEqual([]);
    clock.run(30);
    expect(called).toEqual([]);
    clock.run(20);
    expect(called).toEqual(['a']);
  });

  it('calls nobody right after a standstill: what came meanwhile is not read yet', () => {
    timers.after(15, () => called.push('a'));
    clock.run(10);
    clock.stall(60_000);
    expect(called).toEqual([]);
    clock.run(10);
    expect(called).toEqual(['a']);
  });

  it('says how long a standstill was', () => {
    const told: number[] = [];
    timers = new RunningTimers(clock, 10, (ms) => told.push(ms));
    clock.run(50);
    clock.stall(2_000);
    clock.run(50);
    clock.stall(500);
    expect(told).toEqual([1_990, 490]);
  });

  it('forgets what is taken back, and everything at the end', () => {
    timers.after(10, () => called.push('a')).cancel();
    timers.after(20, () => called.push('b'));
    timers.close();
    clock.run(100);
    expect(called).toEqual([]);
  });
});
