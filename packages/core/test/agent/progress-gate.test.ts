import { beforeEach, describe, expect, it } from 'vitest';
import { ProgressGate } from '../../src/agent/progress-gate.ts';
import { ManualClock } from './manual-clock.ts';

describe('ProgressGate', () => {
  let clock: ManualClock;
  let gate: ProgressGate;
  let passed: string[];
  beforeEach(() => {
    clock = new ManualClock();
    passed = [];
    gate = new ProgressGate(clock, (key, { message }) => passed.push(`${key} ${message}`));
  });
  const put = (key: number, message: string): void =>
    gate.put(key, { fraction: 0, message, at: 0 });

  it('passes at most ten a second of each unit, and the last one always', () => {
    for (let i = 0; i < 1000; i++) {
      put(1, `${i}`);
      if (i % 2) put(2, `${i}`);
      clock.advance(1);
    }
    clock.advance(1000);
    expect(passed.filter((line) => line.startsWith('1 ')).length).toBeLessThanOrEqual(11);
    expect(passed.slice(-2)).toEqual(['1 999', '2 999']);
  });

  it('passes the last one before the end of its unit', () => {
    put(1, 'a');
    put(1, 'b');
    gate.finish(1);
    expect(passed).toEqual(['1 b']);
    clock.advance(1000);
    expect(passed).toEqual(['1 b']);
  });
});
