import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../src/runtime/clock.ts';

describe('the system clock', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('calls once, when it is due', () => {
    const call = vi.fn();
    systemClock.after(50, call);
    vi.advanceTimersByTime(49);
    expect(call).not.toHaveBeenCalled();
    vi.advanceTimersByTime(100);
    expect(call).toHaveBeenCalledTimes(1);
  });

  it('waits for months, which setTimeout() cannot', () => {
    const days = 86_400_000;
    const call = vi.fn();
    systemClock.after(60 * days, call);
    vi.advanceTimersByTime(60 * days - 1);
    expect(call).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(call).toHaveBeenCalledTimes(1);
  });

  it('takes a call back, also in a later stretch of a long wait', () => {
    const call = vi.fn();
    const timer = systemClock.after(3_000_000_000, call);
    vi.advanceTimersByTime(2_500_000_000);
    timer.cancel();
    timer.cancel();
    vi.runAllTimers();
    expect(call).not.toHaveBeenCalled();
  });
});
