import { expect, it } from 'vitest';
import { RunningTime } from '../../src/agent/running-time.ts';

it('counts what was lived, and little of what was slept through', () => {
  const time = new RunningTime(5_000);
  expect(time.advance(5_100, 100)).toBe(100);
  expect(time.advance(5_250, 100)).toBe(250);
  expect(time.advance(3_600_000, 100)).toBe(450);
  expect(time.advance(3_600_100, 100)).toBe(550);
  expect(time.now).toBe(550);
});
