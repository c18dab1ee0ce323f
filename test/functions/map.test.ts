/** What a map promises, on real agents with real workers. */
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type MapOptions, PilotJobService, TaskError, task, WorkUnitService } from '@pstar/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRunningWorld, openWorld, reached, shell } from '../integration/fixture.ts';
import {
  type Deed,
  deed,
  double,
  holds,
  picky,
  pid,
  type plus,
  reverse,
  slow,
  stubborn,
  wait,
} from './mapped.ts';

const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const doubled = (count: number): number[] => numbers(count).map((each) => each * 2);
const TWO = { totalCpuCount: 2 };

/** One pilot for all that leave it as it is. */
let store: string;
let pilots: PilotJobService;
let work: WorkUnitService;
let host: string | undefined;

beforeAll(async () => {
  store = await mkdtemp(join(tmpdir(), 'pstar-map-'));
  pilots = await PilotJobService.open({ store });
  work = await WorkUnitService.open({ store, services: [pilots] });
  const pilot = await pilots.create('local://', TWO);
  await reached(pilot, 'Running');
  host = pilot.nodes[0]?.host;
});

afterAll(async () => {
  await work.cancel();
  await pilots.cancel();
  await rm(store, { recursive: true, force: true });
});

/** How many calls have begun, and how many of them have not ended. */
function callsIn(file: string): { began: number; running: number } {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
  const count = (word: string) => lines.filter((line) => line === word).length;
  return { began: count('began'), running: count('began') - count('ended') };
}

/** What a map that fails throws, and what came before. */
async function failureOf(results: AsyncIterable<unknown>): Promise<[TaskError, unknown[]]> {
  const before: unknown[] = [];
  try {
    for await (const value of results) before.push(value);
  } catch (error) {
    expect(error).toBeInstanceOf(TaskError);
    return [error as TaskError, before];
  }
  throw new Error('nothing has failed');
}

describe('a map', () => {
  it('gives results in the order of inputs, as they come, by subscription, or all at once', async () => {
    const results: number[] = [];
    for await (const value of work.map(double, numbers(20_000))) results.push(value);
    expect(results).toEqual(doubled(20_000));
    const seen = new Map<number, number>();
    for await (const { index, value } of work.map(double, numbers(100)).unordered()) {
      seen.set(index, value);
    }
    expect(numbers(100).map((index) => seen.get(index))).toEqual(doubled(100));
    let count = 0;
    await new Promise<void>((resolve, reject) => {
      const { results$ } = work.map(double, numbers(100));
      results$.subscribe({ next: () => (count += 1), complete: resolve, error: reject });
    });
    expect(count).toBe(100);
    expect(await work.map(double, []).all()).toEqual([]);
    await work.wait();
    const { Done, Canceled, Failed } = work.statistics.byState;
    // Each map had one that ended well. Others may not have begun yet when all was done: those are canceled.
    expect(Done).toBeGreaterThanOrEqual(3);
    expect([Done + Canceled, Failed]).toEqual([work.workUnits.size, 0]);
  });

  it('keeps its workers warm, from map to map, unless they are to be fresh', async () => {
    const first = await work.map(pid, new Array(20).fill(2), { batch: 1 }).all();
    const second = await work.map(pid, new Array(20).fill(2), { batch: 1 }).all();
    expect(new Set([...first, ...second]).size).toBeLessThanOrEqual(2);
    const fresh = await work.map(pid, [0, 0, 0], { isolation: 'fresh' }).all();
    expect(new Set(fresh).size).toBe(3);
  });

  it('takes values larger than a message there and back', async () => {
    const inputs = numbers(12).map((i) => new Uint8Array(700_000 + i).fill(i, 1));
    let index = 0;
    for await (const bytes of work.map(reverse, inputs, { batch: 2 })) {
      expect(bytes).toHaveLength(700_000 + index);
      expect(bytes.at(-1)).toBe(0);
      expect(bytes[0]).toBe(index);
      index += 1;
    }
    expect(index).toBe(12);
  });

  it('waits for the first pilot, and has calls hold the cores that they ask for', async () => {
    const { work, pilots } = await openWorld();
    const all = work.map(holds, numbers(8), { cores: 2, batch: 1 }).all();
    const pilot = await pilots.create('local://', { totalCpuCount: 4 });
    expect(await all).toEqual(new Array(8).fill({ cores: 2, pilotJob: pilot.id }));
  });

  it('reads inputs without end as room comes, and leaves nothing running when it is left', async () => {
    const file = join(store, 'endless');
    let read = 0;
    let isClosed = false;
    async function* endless() {
      try {
        for (;;) {
          read += 1;
          yield { file, ms: read < 50 ? 1 : 60_000 };
        }
      } finally {
        isClosed = true;
      }
    }
    let taken = 0;
    for await (const _ of work.map(wait, endless(), { window: 40 })) {
      taken += 1;
      expect(read).toBeLessThanOrEqual(taken + 40);
      if (taken === 30) break;
    }
    await work.wait();
    expect(isClosed).toBe(true);
    expect(work.statistics.byState).toMatchObject({ Running: 0, Failed: 0 });
    expect(callsIn(file).running).toBe(0);
  });
});

describe('a call that throws', () => {
  it('ends the map, with the file and the line of its author', async () => {
    const [error, before] = await failureOf(work.map(picky, numbers(1000), { batch: 5 }));
    expect(before).toEqual(numbers(before.length));
    expect(error.index % 10).toBe(7);
    expect(error).toMatchObject({ kind: 'threw', attempt: 1, host });
    expect(error.cause).toMatchObject({ name: 'RangeError' });
    const source = readFileSync(new URL('mapped.ts', import.meta.url), 'utf8').split('\n');
    const line = source.findIndex((text) => text.includes('will not do')) + 1;
    expect(error.remoteStack).toContain(`test/functions/mapped.ts:${line}:`);
    expect(error.remoteStack).not.toContain('agent.mjs');
    expect(error.stack?.split('\n')[1]).toContain(`mapped.ts:${line}:`);
    await work.wait();
  });

  it('is collected, or tried again, as its map wants it', async () => {
    const options = { onError: 'collect', batch: 4 } as const;
    const results = await work.map(picky, numbers(20), options).all();
    const failed = results.filter((each) => each instanceof TaskError);
    expect(failed.map(({ index }) => index)).toEqual([7, 17]);
    expect(results.filter((each) => !(each instanceof TaskError))).toHaveLength(18);
    const attempts = await work.map(stubborn, numbers(6), { retries: 2 }).all();
    expect(attempts).toEqual([1, 1, 1, 3, 1, 1]);
  });
});

describe('a call that takes its worker along', () => {
  const KINDS: readonly [Deed, string][] = [
    ['exit', 'crashed'],
    ['kill', 'crashed'],
    ['hang', 'time-limit'],
    ['fill', 'out-of-memory'],
  ];
  it.each(KINDS)('by what is called %s fails alone', async (what, kind) => {
    const inputs: Deed[] = numbers(40).map((i) => (i === 13 ? what : 'nothing'));
    const options: MapOptions & { onError: 'collect' } = {
      onError: 'collect',
      batch: 8,
      ...(what === 'hang' && { timeLimit: 1 }),
      ...(what === 'fill' && { memoryLimit: '256MiB' }),
    };
    const results = await work.map(deed, inputs, options).all();
    const error = results[13] as TaskError;
    expect(error).toBeInstanceOf(TaskError);
    expect(error).toMatchObject({ index: 13, kind });
    expect(results.filter((each) => each === 'nothing')).toHaveLength(39);
  });
});

describe('a reduce', () => {
  const sum = task<typeof plus>(new URL('mapped.ts', import.meta.url), 'plus');

  it('brings only what all results come to', async () => {
    expect(await work.map(double, numbers(20_000)).reduce(sum)).toBe(20_000 * 19_999);
    expect(await work.map(double, [21]).reduce(sum)).toBe(42);
    expect(await work.map(double, []).reduce(sum, { initial: 7 })).toBe(7);
    await expect(work.map(double, []).reduce(sum)).rejects.toMatchObject({ code: 'WRONG_STATE' });
    await expect(work.map(picky, numbers(20)).reduce(sum)).rejects.toBeInstanceOf(TaskError);
  });

  it('folds each result once, whatever dies in between', async () => {
    const { work, pilots, pilot } = await openRunningWorld(TWO);
    const second = await pilots.create('local://', TWO);
    await reached(second, 'Running');
    const map = work.map(slow, numbers(600), { batch: 4 });
    let isKilled = false;
    map.progress$.subscribe(({ done }) => {
      if (done < 200 || isKilled) return;
      isKilled = true;
      process.kill(Number.parseInt(pilot.nativeId ?? '', 10), 'SIGKILL');
    });
    expect(await map.reduce(sum)).toBe(300 * 599);
    expect(isKilled).toBe(true);
  });
});

describe('a map in trouble', () => {
  it('is given up by its signal', async () => {
    const file = join(store, 'signal');
    const giveUp = new AbortController();
    const inputs = numbers(10).map(() => ({ file, ms: 60_000 }));
    const all = work.map(wait, inputs, { signal: giveUp.signal, batch: 1 }).all();
    await expect.poll(() => callsIn(file).running).toBe(2);
    giveUp.abort();
    await expect(all).rejects.toMatchObject({ code: 'ABORTED' });
    await work.wait();
    expect(callsIn(file)).toEqual({ began: 2, running: 0 });
  });

  it('goes on with the other pilot when one is canceled, and another when that is killed', async () => {
    const { work, pilots, pilot } = await openRunningWorld(TWO);
    const second = await pilots.create('local://', TWO);
    await reached(second, 'Running');
    let count = 0;
    for await (const value of work.map(pid, new Array(400).fill(5), { batch: 4 })) {
      expect(value).toBeGreaterThan(0);
      count += 1;
      if (count === 100) await pilot.cancel();
      if (count === 200) {
        await pilots.create('local://', TWO);
        process.kill(Number.parseInt(second.nativeId ?? '', 10), 'SIGKILL');
      }
    }
    expect(count).toBe(400);
  });

  it('fails when the pilot that it names ends, and at once where that is over', async () => {
    const { work, pilot, store } = await openRunningWorld(TWO);
    const file = join(store, 'pinned');
    const inputs = new Array(10).fill({ file, ms: 60_000 });
    const all = work.map(wait, inputs, { pilotJob: pilot }).all();
    all.catch(() => {});
    await expect.poll(() => callsIn(file).running).toBe(2);
    await pilot.cancel();
    await expect(all).rejects.toMatchObject({ code: 'WRONG_STATE', subject: 'pilotJob' });
    await expect(work.map(wait, inputs, { pilotJob: pilot.id }).all()).rejects.toThrow('Canceled');
  });

  it('fails when the service of the pilot that it names is added, where that is over', async () => {
    const { pilot, pilots, store } = await openRunningWorld(TWO);
    await using later = await WorkUnitService.open({ store });
    const inputs = [{ file: join(store, 'later'), ms: 0 }];
    const all = later.map(wait, inputs, { pilotJob: pilot.id }).all();
    all.catch(() => {});
    await expect.poll(() => later.statistics.total).toBe(1);
    await pilot.cancel();
    later.add(pilots);
    await expect(all).rejects.toMatchObject({ code: 'WRONG_STATE', subject: 'pilotJob' });
  });

  it('ends with its service, and is nothing when that is opened again', async () => {
    const { work, store, pilots } = await openRunningWorld(TWO);
    const file = join(store, 'closed');
    const all = work.map(wait, new Array(10).fill({ file, ms: 60_000 })).all();
    all.catch(() => {});
    await expect.poll(() => callsIn(file).running).toBe(2);
    await work.close();
    await expect(all).rejects.toMatchObject({ code: 'SERVICE_CLOSED' });
    await expect.poll(() => callsIn(file).running).toBe(0);
    const again = await WorkUnitService.open({ store, id: work.id, services: [pilots] });
    await again.wait();
    expect(again.statistics).toMatchObject({ total: 2, byState: { Canceled: 2 } });
    await again.close();
  });
});

describe('maps side by side', () => {
  it('share the cores with each other and with work units', async () => {
    async function* endless() {
      for (;;) yield 20;
    }
    const one = work.map(pid, endless())[Symbol.asyncIterator]();
    await one.next();
    // One that takes long is given to no agent before it can start, but for this.
    await (await work.submit({ ...shell('true'), estimatedRunTime: '1h' })).result();
    expect(await work.map(pid, new Array(20).fill(20)).all()).toHaveLength(20);
    await one.next();
    await one.return();
    await work.wait();
  });

  it('have the one of higher priority first, also where both begin at once', async () => {
    let low = 0;
    const one = (async () => {
      for await (const _ of work.map(pid, new Array(60).fill(20)).unordered()) low += 1;
    })();
    await work.map(pid, new Array(60).fill(20), { priority: 10 }).all();
    expect(low).toBeLessThan(30);
    await one;
    expect(low).toBe(60);
    await work.wait();
  });
});
