/** What a map promises, with agents that are made up: real ones are in test/functions. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { firstValueFrom, lastValueFrom, toArray } from 'rxjs';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { TaskError } from '../../../src/model/task-error.ts';
import type { MapOptions } from '../../../src/service/maps/map-options.ts';
import { cannotMount, Tmpfs } from '../../support/tmpfs.ts';
import { FakeAgent } from './fake-agent.ts';
import { size } from './map-tasks.ts';
import { double_, doubled, numbers, openWorld, World } from './map-world.ts';

/** Writes a file as large as there is room for. */
function fill(path: string): void {
  const fd = openSync(path, 'w');
  try {
    for (;;) writeSync(fd, Buffer.alloc(4096));
  } catch (error) {
    expect(error).toMatchObject({ code: 'ENOSPC' });
  } finally {
    closeSync(fd);
  }
}

async function* endless(): AsyncGenerator<number> {
  for (let i = 0; ; i++) yield i;
}

describe('a map', () => {
  it('gives results in the order of inputs, and lets its units end', async () => {
    const world = await openWorld();
    const agent = world.agent('a');
    const results: unknown[] = [];
    for await (const value of world.double(numbers(5000))) results.push(value);
    expect(results).toEqual(doubled(5000));
    expect(agent.calls).toBe(5000);
    expect(await world.ends()).toMatchObject({ canceled: 0 });
  });

  it('gives them as they come, with their indexes, or all at once', async () => {
    const world = await openWorld();
    world.agent('a');
    const seen = new Map<number, unknown>();
    for await (const { index, value } of world.double(new Set(numbers(300))).unordered()) {
      seen.set(index, value);
    }
    expect(numbers(300).map((index) => seen.get(index))).toEqual(doubled(300));
    expect(await world.double(numbers(10)).all()).toEqual(doubled(10));
    expect(await world.double([]).all()).toEqual([]);
  });

  it('is shared by all who subscribe to its results, and consumed once', async () => {
    const world = await openWorld();
    world.agent('a');
    const stream = world.double(numbers(100));
    const counts = [0, 0];
    await Promise.all(
      counts.map((_, i) => {
        return new Promise<void>((resolve, reject) => {
          stream.results$.subscribe({
            next: () => (counts[i] = (counts[i] as number) + 1),
            complete: resolve,
            error: reject,
          });
        });
      }),
    );
    expect(counts).toEqual([100, 100]);
    await expect(stream.all()).rejects.toMatchObject({ code: 'WRONG_STATE' });
  });

  it('reads inputs without end no further than its window, and cancels what is left when it is left', async () => {
    const world = await openWorld();
    world.agent('a');
    const source = endless();
    const isEnded = vi.spyOn(source, 'return');
    let read = 0;
    let taken = 0;
    async function* counting() {
      for await (const value of source) {
        read += 1;
        yield value;
      }
    }
    for await (const value of world.double(counting(), { window: 50 })) {
      expect(value).toBe(taken * 2);
      expect(read).toBeLessThanOrEqual(taken + 2 * 50);
      taken += 1;
      if (taken === 1000) break;
    }
    await world.ends();
    await expect.poll(() => isEnded).toHaveBeenCalled();
  });

  it('ends with what reading its inputs throws', async () => {
    const world = await openWorld();
    world.agent('a');
    function* broken() {
      yield 1;
      throw new RangeError('no such row');
    }
    await expect(world.double(broken()).all()).rejects.toThrow('no such row');
    await world.ends();
  });

  it('refuses by its index an input that cannot be sent', async () => {
    const world = await openWorld();
    world.agent('a');
    const error = await world
      .double([1, 2, { scores: [1, { deep: function helper() {} }] }])
      .all()
      .catch((problem: unknown) => problem);
    const part = 'input 2.scores[1].deep, the function helper,';
    expect(String(error)).toContain(`${part} cannot be sent`);
  });

  it('waits for a pilot, and uses those that come', async () => {
    const world = await openWorld();
    const all = world.double(numbers(2000), { batch: 10 }).all();
    await expect.poll(() => world.core.visible.size).toBe(1);
    const agents = [world.agent('a'), world.agent('b')];
    expect(await all).toEqual(doubled(2000));
    expect(agents.every(({ calls }) => calls > 0)).toBe(true);
  });

  it('says nothing of its progress twice', async () => {
    const world = await openWorld();
    world.agent('a');
    const map = world.double(numbers(100), { batch: 5 });
    const reports = firstValueFrom(map.progress$.pipe(toArray()));
    await map.all();
    const told = (await reports).map((each) => JSON.stringify(each));
    expect(told.at(-1)).toBe('{"done":100,"failed":0,"total":100}');
    expect(new Set(told).size).toBe(told.length);
  });
});

describe('calls that fail', () => {
  const odd = (value: unknown) => {
    if ((value as number) % 10 === 7) throw new RangeError(`${value} is odd`);
    return double_(value);
  };

  it('end the map, with what they threw', async () => {
    const world = await openWorld();
    world.agent('a', odd);
    const results: unknown[] = [];
    let error: unknown;
    try {
      for await (const value of world.double(numbers(1000), { batch: 5 })) results.push(value);
    } catch (problem) {
      error = problem;
    }
    expect(error).toBeInstanceOf(TaskError);
    expect(error).toMatchObject({ index: 7, attempt: 1, host: 'host-of-a', kind: 'threw' });
    expect((error as TaskError).cause).toMatchObject({ name: 'RangeError', message: '7 is odd' });
    expect((error as TaskError).remoteStack).toContain('maps.test.ts');
    expect(results).toEqual(doubled(7));
    await world.ends();
  });

  it('stand among the results where they are collected', async () => {
    const world = await openWorld();
    world.agent('a', odd);
    const results = await world.double(numbers(30), { onError: 'collect' }).all();
    const failed = results.filter((value) => value instanceof TaskError);
    expect(failed.map(({ index }) => index)).toEqual([7, 17, 27]);
    expect(new Set(failed.map(({ inputDigest }) => inputDigest)).size).toBe(3);
    expect(results[8]).toBe(16);
  });

  it('are tried again as often as that is asked for', async () => {
    const world = await openWorld();
    const tried: number[] = [];
    const agent = new FakeAgent(world.core, 'a', {
      double: (value, round) => {
        if (value !== 3) return double_(value);
        tried.push(round);
        if (round < 3) throw new Error('not yet');
        return 'at last';
      },
    });
    agent.join();
    const results = await world.double(numbers(6), { retries: 2 }).all();
    expect(results).toEqual([0, 2, 4, 'at last', 8, 10]);
    expect(tried).toEqual([1, 2, 3]);
  });
});

describe('an agent', () => {
  it('whose link is lost says again what it has', async () => {
    const world = await openWorld();
    const agent = world.agent('a');
    agent.isHeld = true;
    const all = world.double(numbers(100), { batch: 10 }).all();
    await expect.poll(() => agent.heard['calls']).toBeGreaterThan(2);
    agent.leave();
    agent.release();
    agent.join();
    expect(await all).toEqual(doubled(100));
    expect(agent.calls).toBe(100);
  });

  it('that dies loses no call', async () => {
    const world = await openWorld();
    const [dies, stays] = [world.agent('a'), world.agent('b')];
    dies.isHeld = true;
    const all = world.double(numbers(100), { batch: 10 }).all();
    await expect.poll(() => dies.heard['calls']).toBeGreaterThan(0);
    dies.die();
    expect(await all).toEqual(doubled(100));
    expect(stays.calls).toBe(100);
  });

  it('is sent no more than its link takes', async () => {
    const world = await openWorld();
    const agent = new FakeAgent(world.core, 'a', { size: (b) => (b as Uint8Array).length }, 1);
    agent.join();
    agent.buffered = 2 * 1024 * 1024;
    const inputs = numbers(8).map((i) => new Uint8Array(1_000_000 + i));
    const all = world.maps.map(size, inputs, { batch: 2 }).all();
    await expect.poll(() => agent.unitCount).toBe(1);
    expect(agent.heard['calls']).toBeUndefined();
    agent.buffered = 0;
    world.core.agentDrained(agent);
    expect(await all).toEqual(inputs.map(({ length }) => length));
    expect(agent.heard['calls']).toBeGreaterThan(8 * 3);
  });
});

it.skipIf(cannotMount())('by name gives its slots back while its disk is full', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'pstar-maps-'));
  using _ = Tmpfs.mount(directory, 'size=24m');
  const world = new World(directory);
  onTestFinished(async () => {
    world.core.release(new Error('the test is over'));
    await world.maps.close().catch(() => {});
    await rm(directory, { recursive: true, force: true });
  });
  const agent = world.agent('a', () => new Uint8Array(100_000));
  agent.isHeld = true;
  const all = world.double(numbers(20), { name: 'large', batch: 1 }).all();
  await expect.poll(() => agent.heard['calls']).toBeGreaterThan(0);
  const filler = join(directory, 'filler');
  fill(filler);
  agent.release();
  await world.ends();
  expect(agent.unitCount).toBe(0);
  await rm(filler);
  expect((await all).map((value) => (value as Uint8Array).length)).toEqual(
    new Array(20).fill(100_000),
  );
});

it('takes no results of calls that there are not', async () => {
  const world = await openWorld();
  const agent = world.agent('a');
  agent.isHeld = true;
  const all = world.double(numbers(10)).all();
  await expect.poll(() => agent.heard['calls']).toBeGreaterThan(0);
  const message = { channel: 1, type: 'results', unit: 0, attempt: 1, batch: 9, ms: 1 } as const;
  for (const span of [
    { first: 0, count: 1e12 },
    { first: 10, count: 1 },
    { first: -1, count: 2 },
    { first: 0, count: Number.NaN },
  ]) {
    const data = Buffer.alloc(0);
    const say = () =>
      world.core.agentMessage(agent, { ...message, ...span, isLast: true, at: 0, size: 0, data });
    expect(say).toThrow(expect.objectContaining({ code: 'PROTOCOL_MISMATCH' }));
  }
  agent.release();
  expect(await all).toEqual(doubled(10));
});

it('by name takes none of them either, though it may not have read that far yet', async () => {
  const world = await openWorld();
  const agent = world.agent('a');
  let readOn = (): void => {};
  async function* inputs() {
    yield* numbers(5);
    await new Promise<void>((resolve) => (readOn = resolve));
    yield* numbers(10).slice(5);
  }
  const all = world.double(inputs(), { name: 'some', batch: 1 }).all();
  await expect.poll(() => agent.calls).toBe(5);
  const message = { channel: 1, type: 'results', unit: 0, attempt: 1, batch: 99, ms: 1 } as const;
  const data = Buffer.alloc(0);
  for (const span of [
    { first: -1, count: 1e9 },
    { first: Number.NaN, count: 1 },
  ]) {
    const say = () =>
      world.core.agentMessage(agent, { ...message, ...span, isLast: true, at: 0, size: 0, data });
    expect(say).toThrow(expect.objectContaining({ code: 'PROTOCOL_MISMATCH' }));
  }
  readOn();
  expect(await all).toEqual(doubled(10));
});

describe('a map that is given up', () => {
  it('cancels its units', async () => {
    const world = await openWorld();
    const agent = world.agent('a');
    agent.isHeld = true;
    const giveUp = new AbortController();
    const all = world.double(numbers(100), { signal: giveUp.signal }).all();
    await expect.poll(() => agent.heard['calls']).toBeGreaterThan(0);
    giveUp.abort(new Error('enough'));
    await expect(all).rejects.toMatchObject({ code: 'ABORTED' });
    expect(await world.ends()).toMatchObject({ done: 0 });
    expect(agent.unitCount).toBe(0);
  });

  it('while its module is bundled, does not begin', async () => {
    const world = await openWorld();
    world.agent('a');
    const giveUp = new AbortController();
    const map = world.double(numbers(100), { signal: giveUp.signal });
    const progressed = lastValueFrom(map.progress$);
    const all = map.all();
    giveUp.abort();
    await expect(all).rejects.toMatchObject({ code: 'ABORTED' });
    expect(world.core.visible.size).toBe(0);
    expect(await progressed).toMatchObject({ done: 0 });
  });

  it('before it begins, completes its progress', async () => {
    const world = await openWorld();
    const map = world.double(numbers(100), { signal: AbortSignal.abort() });
    const progressed = lastValueFrom(map.progress$);
    await expect(map.all()).rejects.toMatchObject({ code: 'ABORTED' });
    expect(await progressed).toMatchObject({ done: 0 });
  });

  it('by nobody but its last subscriber, does so too', async () => {
    const world = await openWorld();
    const agent = world.agent('a');
    agent.isHeld = true;
    const subscription = world.double(numbers(100)).results$.subscribe();
    await expect.poll(() => agent.heard['calls']).toBeGreaterThan(0);
    subscription.unsubscribe();
    await expect.poll(() => agent.unitCount).toBe(0);
  });

  it('is told what is wrong with its options and its function', async () => {
    const world = await openWorld();
    expect(() => world.double([], { retrys: 3 } as MapOptions)).toThrow('did you mean retries?');
    expect(() => world.double([], { batch: 0 })).toThrow(
      "batch: 0 is no count; write a whole number from 1 up, or 'auto'",
    );
    expect(() => world.double([], { signal: 5 as never })).toThrow('signal: 5 is no AbortSignal');
    expect(() => world.double([], null as never)).toThrow('options: null is no object');
    expect(() => world.maps.map((each: number) => each, [], {})).toThrow('captured');
    await expect(world.double(5 as never).all()).rejects.toThrow('inputs');
  });
});
