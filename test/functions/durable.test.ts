/** What is there again of a map by name. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type MapOptions, PilotJobService, task, WorkUnitService } from '@pstar/core';
import { describe, expect, it, vi } from 'vitest';
import { openRunningWorld } from '../integration/fixture.ts';
import { MapWorld } from './map-driver.ts';

// Programs are started, and agents found to be dead, on a machine that others use as well.
vi.setConfig({ testTimeout: 120_000 });

const range = (count: number) => Array.from({ length: count }, (_, i) => i);

describe('a map by name whose program is killed', () => {
  it('goes on where it was: nothing is computed twice, and what ran on is taken', async () => {
    const calls = 300;
    await using world = await MapWorld.open({ calls });
    // Before there is any result, in the middle, and near the end.
    for (const count of [0, 100, 280]) {
      const program = world.start();
      if (count > 0) await program.results(count);
      else await expect.poll(() => world.done.length).toBeGreaterThan(0);
      await program.kill();
    }
    expect(await world.start().result()).toMatchObject({ count: calls, wrong: [] });
    expect(world.done.sort((a, b) => a - b)).toEqual(range(calls));
  });

  it('computes again only what no manager had, when its agent is killed as well', async () => {
    const calls = 300;
    await using world = await MapWorld.open({ calls });
    const program = world.start();
    await program.results(100);
    await program.kill();
    world.killAgent(([pid]) => pid as number);
    expect(await world.start().result()).toMatchObject({ count: calls, wrong: [] });
    const again = world.done.filter((index, at, all) => all.indexOf(index) < at);
    expect(Math.min(...again, calls)).toBeGreaterThanOrEqual(100);
    expect(new Set(world.done).size).toBe(calls);
  });
});

/** A module whose one function marks each call, and does what `body` says. */
function moduleOf(store: string, body: string) {
  const path = join(store, 'scale.mjs');
  writeFileSync(
    path,
    `import { appendFileSync } from 'node:fs';
     export function scale(input) {
       appendFileSync(${JSON.stringify(join(store, 'calls'))}, input + '\\n');
       ${body}
     }`,
  );
  return task<number, number>(pathToFileURL(path), 'scale');
}

function callsOf(store: string): string[] {
  const path = join(store, 'calls');
  return existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : [];
}

const NAMED: MapOptions = { name: 'scaled' };

describe('a map by name', () => {
  it('is there again without any pilot, and computes what has come to be asked', async () => {
    const { store, work, pilots } = await openRunningWorld({ totalCpuCount: 2 });
    const double = moduleOf(store, 'return 2 * input');
    const first = work.map(double, [1, 2, 3], NAMED);
    expect(await first.all()).toEqual([2, 4, 6]);
    await work.wait();
    await work.close();

    await using again = await WorkUnitService.open({ store, id: work.id });
    expect(await again.map(double, [1, 2, 3], NAMED).all()).toEqual([2, 4, 6]);
    const unordered = [];
    for await (const one of again.map(double, [1, 2], NAMED).unordered()) unordered.push(one);
    expect(unordered).toEqual([
      { index: 0, value: 2 },
      { index: 1, value: 4 },
    ]);
    again.add(pilots);
    expect(await again.map(double, [1, 2, 3, 4], NAMED).all()).toEqual([2, 4, 6, 8]);
    expect(callsOf(store).toSorted()).toEqual(['1', '2', '3', '4']);
  });

  it('is there again when what it belonged to was canceled, as at the end of a block', async () => {
    const { store, work, pilots } = await openRunningWorld({ totalCpuCount: 2 });
    const double = moduleOf(store, 'return 2 * input');
    for await (const value of work.map(double, [1, 2, 3], NAMED)) if (value === 4) break;
    const before = callsOf(store);
    await work.cancel();
    await pilots.cancel();

    await using pilotsAgain = await PilotJobService.open({ store, id: pilots.id });
    await using again = await WorkUnitService.open({ store, id: work.id, services: [pilotsAgain] });
    expect(pilotsAgain.pilotJobs).toMatchObject([{ state: 'Canceled' }]);
    await pilotsAgain.create('local://', { totalCpuCount: 2 });
    expect(await again.map(double, [1, 2, 3, 4], NAMED).all()).toEqual([2, 4, 6, 8]);
    expect(callsOf(store).slice(before.length)).toContain('4');
    expect(callsOf(store).filter((call) => call === '1' || call === '2')).toHaveLength(2);
    await again.forgetMap('scaled');
  });

  it('refuses other inputs by index, other code, and a second map of that name', async () => {
    const { store, work } = await openRunningWorld({ totalCpuCount: 2 });
    const double = moduleOf(store, 'return 2 * input');
    expect(await work.map(double, [1, 2, 3], NAMED).all()).toEqual([2, 4, 6]);
    await expect(work.map(double, [1, 2, 4], NAMED).all()).rejects.toMatchObject({
      code: 'ALREADY_EXISTS',
      subject: 'map scaled',
      problem: 'input 2 is another than it was before',
    });
    const both = [work.map(double, [1, 2, 3], NAMED).all(), work.map(double, [1], NAMED).all()];
    await expect(Promise.all(both)).rejects.toMatchObject({ code: 'WRONG_STATE' });
    await Promise.allSettled(both);

    const triple = moduleOf(store, 'return 3 * input');
    await expect(work.map(triple, [1, 2, 3], NAMED).all()).rejects.toMatchObject({
      code: 'ALREADY_EXISTS',
      problem: 'its code has changed',
      hint: expect.stringContaining('anyCode: true'),
    });
    const mixed = work.map(triple, [1, 2, 3, 4], { ...NAMED, anyCode: true });
    expect(await mixed.all()).toEqual([2, 4, 6, 12]);
    await work.forgetMap('scaled');
    expect(await work.map(triple, [1, 2], NAMED).all()).toEqual([3, 6]);
    expect(callsOf(store).toSorted()).toEqual(['1', '1', '2', '2', '3', '4']);
  });

  it('cannot be reduced, and is not in the way of the next where it did not begin', async () => {
    const { store, work } = await openRunningWorld({ totalCpuCount: 2 });
    const double = moduleOf(store, 'return 2 * input');
    await expect(work.map(double, [1], NAMED).reduce(double as never)).rejects.toMatchObject({
      code: 'OPERATION_UNSUPPORTED',
      hint: expect.stringContaining('leave out name'),
    });
    await expect(work.map(double, 7 as never, NAMED).all()).rejects.toMatchObject({
      code: 'DESCRIPTION_INVALID',
    });
    expect(await work.map(double, [1], NAMED).all()).toEqual([2]);
  });

  it('keeps what has failed where failures are collected, and tries it again with other code', async () => {
    const { store, work } = await openRunningWorld({ totalCpuCount: 2 });
    const picky = moduleOf(store, "if (input === 2) throw new RangeError('not two'); return input");
    const collect = { ...NAMED, onError: 'collect' } as const;
    const [before, again] = [
      await work.map(picky, [1, 2, 3], collect).all(),
      await work.map(picky, [1, 2, 3], collect).all(),
    ];
    expect(before).toEqual([1, expect.objectContaining({ code: 'TASK_FAILED', index: 1 }), 3]);
    expect(again[1]).toEqual(before[1]);
    expect(callsOf(store).toSorted()).toEqual(['1', '2', '3']);
    await expect(work.map(picky, [1, 2, 3], NAMED).all()).rejects.toThrow('not two');
    const tolerant = moduleOf(store, 'return input');
    const mended = work.map(tolerant, [1, 2, 3], { ...collect, anyCode: true });
    expect(await mended.all()).toEqual([1, 2, 3]);
    expect(callsOf(store).slice(3)).toEqual(['2', '2']);
  });
});
