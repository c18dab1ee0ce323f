import { expect, it } from 'vitest';
import { RunningTime } from '../../src/runtime/running-time.ts';

it('counts what was lived, and little of what was slept through', () => {
  const time = new RunningTime(5_000);
  expect(time.advance(5_100, 100)).toBe(true);
  expect(time.now).toBe(100);
  expect(time.advance(5_250, 100)).toBe(true);
  expect(time.now).toBe(250);
  expect(time.advance(3_600_000, 100)).toBe(false);
  expect(time.now).toBe(350);
  expect(time.advance(3_600_100, 100)).toBe(true);
  expect(time.now).toBe(450);
});

it('counts a look that is merely late', () => {
  const time = new RunningTime(0);
  expect(time.advance(300, 100)).toBe(true);
  expect(time.now).toBe(300);
  expect(time.advance(601, 100)).toBe(false);
  expect(time.now).toBe(400);
});
