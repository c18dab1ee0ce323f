import type { Clock } from '@pstar/core/adaptor';
import { describe, expect, it } from 'vitest';
import { Shared } from '../../src/adaptor/shared.ts';

/** A clock whose timers go off when they are told to. */
function handClock() {
  const timers = new Set<() => void>();
  const after = (_: number, callback: () => void) => {
    timers.add(callback);
    return { cancel: () => void timers.delete(callback) };
  };
  const ring = () => {
    for (const callback of [...timers]) callback();
  };
  return { clock: { after } as unknown as Clock, ring, timers };
}

function libraries(idleMs = 5_000) {
  const said: string[] = [];
  const load = async () => {
    said.push('load');
    return { close: async () => void said.push('close') };
  };
  return {
    said,
    load,
    shared: new Shared<{ close(): Promise<void> }>((value) => value.close(), idleMs),
  };
}

describe('libraries that connections share', () => {
  it('are loaded once, and closed when nobody has them for a while', async () => {
    const { clock, ring, timers } = handClock();
    const { said, load, shared } = libraries();
    await Promise.all([shared.hold('a', load), shared.hold('a', load)]);
    await shared.release('a', clock);
    ring();
    await shared.release('a', clock);
    await shared.hold('a', load);
    ring();
    expect([said, timers.size]).toEqual([['load'], 0]);
    await shared.release('a', clock);
    ring();
    await new Promise(setImmediate);
    await shared.hold('a', load);
    expect(said).toEqual(['load', 'close', 'load']);
  });

  it('are closed at once where nobody may come again', async () => {
    const { clock } = handClock();
    const { said, load, shared } = libraries(0);
    await Promise.all([shared.hold('a', load), shared.hold('b', load), shared.hold('a', load)]);
    await shared.release('a', clock);
    expect(said).toEqual(['load', 'load']);
    await shared.release('a', clock);
    expect(said).toEqual(['load', 'load', 'close']);
  });

  it('are loaded anew after one that could not be loaded, or was of no use', async () => {
    const { clock } = handClock();
    const { said, load, shared } = libraries();
    await expect(shared.hold('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await shared.hold('a', load);
    await shared.release('a', clock, true);
    await shared.hold('a', load);
    expect(said).toEqual(['load', 'close', 'load']);
  });
});
