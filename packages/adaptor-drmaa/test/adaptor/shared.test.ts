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
    const hold = () => shared.hold('a', clock, load);
    const [first, second] = await Promise.all([hold(), hold()]);
    await first.release();
    ring();
    await second.release();
    const third = await hold();
    ring();
    expect([said, timers.size]).toEqual([['load'], 0]);
    await third.release();
    ring();
    await new Promise(setImmediate);
    await hold();
    expect(said).toEqual(['load', 'close', 'load']);
  });

  it('are closed at once where nobody may come again', async () => {
    const { clock } = handClock();
    const { said, load, shared } = libraries(0);
    const hold = (key: string) => shared.hold(key, clock, load);
    const [first, , second] = await Promise.all([hold('a'), hold('b'), hold('a')]);
    await first?.release();
    expect(said).toEqual(['load', 'load']);
    await second?.release();
    expect(said).toEqual(['load', 'load', 'close']);
  });

  it('are loaded anew after one that could not be loaded, or was of no use', async () => {
    const { clock } = handClock();
    const { said, load, shared } = libraries();
    const failing = shared.hold('a', clock, () => Promise.reject(new Error('no')));
    await expect(failing).rejects.toThrow('no');
    await (await shared.hold('a', clock, load)).release(true);
    await shared.hold('a', clock, load);
    expect(said).toEqual(['load', 'close', 'load']);
  });

  it('are closed by the last that has one that was of no use to others', async () => {
    const { clock } = handClock();
    const { said, load, shared } = libraries(0);
    const old = await shared.hold('a', clock, load);
    await (await shared.hold('a', clock, load)).release(true);
    const anew = await shared.hold('a', clock, load);
    expect(said).toEqual(['load', 'load']);
    await old.release();
    expect(said).toEqual(['load', 'load', 'close']);
    await anew.release();
    expect(said).toEqual(['load', 'load', 'close', 'close']);
  });
});
