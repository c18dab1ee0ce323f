import { beforeEach, describe, expect, it } from 'vitest';
import { ReportPace } from '../../src/agent/report-pace.ts';
import { ManualClock } from './manual-clock.ts';

describe('ReportPace', () => {
  let clock: ManualClock;
  let pace: ReportPace;
  let reports: number;
  beforeEach(() => {
    clock = new ManualClock();
    reports = 0;
    pace = new ReportPace(clock, () => {
      reports += 1;
    });
  });

  it('reports ends and starts of a busy agent together, also where a start comes first', () => {
    for (let i = 0; i < 100; i++) {
      pace.started(true);
      pace.happened(true);
      clock.advance(1);
    }
    expect(reports).toBeLessThanOrEqual(10);
    clock.advance(100);
    expect(reports).toBeGreaterThanOrEqual(4);
  });

  it('reports a start soon where nothing much waits, but not at once', () => {
    pace.started(false);
    clock.advance(2);
    expect(reports).toBe(0);
    clock.advance(1);
    expect(reports).toBe(1);
  });

  it('reports an end within the tick where nothing much waits, with what was gathered before', async () => {
    pace.started(true);
    pace.happened(false);
    await expect.poll(() => reports).toBe(1);
    clock.advance(100);
    expect(reports).toBe(1);
  });
});
