import { describe, expect, it } from 'vitest';
import type { MapRules } from '../../packages/core/src/maps/map-events.ts';
import { Random } from '../simulation/random.ts';
import { World, type WorldOptions } from './world.ts';

const WORLDS = 60;

/** A world with a bit of everything, by its seed. */
function anyWorld(seed: number, rules: WorldOptions['rules'] = {}, reopens?: number): World {
  const random = new Random(seed).fraction;
  const pick = <T>(...from: T[]) => from[Math.floor(random() * from.length)] as T;
  const calls = pick(1, 7, 100, 1000, 3000);
  const ms = pick(0.001, 0.1, 1, 10);
  const isBad = pick(true, false);
  const bad = new Set(Array.from({ length: isBad ? 4 : 0 }, () => Math.floor(random() * calls)));
  const throwing = pick(0, 0.01, 0.3);
  const throws = new Map<number, number>();
  for (let call = 0; call < calls; call++) {
    if (random() < throwing) throws.set(call, 1 + Math.floor(random() * 3));
  }
  const retries = pick(0, 1, 2);
  const common = { slots: pick(1, 2, 5, 16), random, latencyMs: pick(0.05, 0.5, 20) };
  const trouble = { links: pick(0, 10), losses: pick(0, 10), yields: pick(0, 10) };
  const world = new World({
    ...common,
    calls,
    trouble,
    cutMs: pick(30, 250),
    msOf: (call) => ms * (call % 17 === 0 ? 20 : 1),
    throwsOf: (call) => throws.get(call) ?? 0,
    isCulprit: (call) => bad.has(call),
    rules: {
      retries,
      batch: pick<MapRules['batch']>('auto', 'auto', 5),
      window: pick(50, 1000, 10_000),
      ...rules,
    },
    ...(reopens !== undefined && { reopens }),
    ...(rules.isReduce && { idleDeaths: pick(0, 5) }),
  }).run();
  const failing = [...Array(calls).keys()].filter(
    (call) => bad.has(call) || (throws.get(call) ?? 0) > retries,
  );
  if (reopens === undefined) {
    expect([...world.failed].sort((a, b) => a - b)).toEqual(failing);
  }
  return world;
}

describe('a map in a world of trouble', () => {
  it('has each call count exactly once, and only the guilty fail', () => {
    for (let seed = 0; seed < WORLDS; seed++) {
      const world = anyWorld(seed);
      expect(world.counted.every((count) => count === 1)).toBe(true);
    }
  });

  it('sends nothing again that was accepted, whenever it is opened again', () => {
    for (let seed = 0; seed < WORLDS; seed++) {
      const world = anyWorld(seed, {}, 4);
      expect(world.counted.every((count) => count === 1)).toBe(true);
    }
  });

  it('folds the result of each call exactly once', () => {
    for (let seed = 0; seed < WORLDS; seed++) {
      const world = anyWorld(seed, { isReduce: true });
      const expected = [...world.counted.keys()].filter((call) => !world.failed.has(call));
      expect([...(world.result ?? [])].sort((a, b) => a - b)).toEqual(expected);
    }
  });
});

/** How much of the best possible a map reaches, and how large its batches were. */
function balance(options: WorldOptions): { share: number; world: World } {
  const world = new World(options).run();
  let sum = 0;
  for (let call = 0; call < options.calls; call++) sum += options.msOf(call);
  return { share: sum / options.slots / world.overAt, world };
}

describe('units that give way', () => {
  it('hand over what they have folded, and nothing is computed again', () => {
    for (let seed = 0; seed < 20; seed++) {
      const { fraction: random } = new Random(seed);
      const trouble = { links: 0, losses: 0, yields: 10 };
      const rules = { isReduce: true };
      const world = new World({
        calls: 500,
        slots: 3,
        msOf: () => 5,
        random,
        trouble,
        rules,
      }).run();
      expect(world.executed).toBe(500);
      expect(world.result).toHaveLength(500);
    }
  });
});

describe('the balance of a map', () => {
  it('is nearly ideal for calls of one length, also far away', () => {
    const calls = { calls: 8000, slots: 8, msOf: () => 10 };
    expect(balance(calls).share).toBeGreaterThan(0.99);
    expect(balance({ ...calls, latencyMs: 20 }).share).toBeGreaterThan(0.98);
    expect(balance({ ...calls, slots: 200 }).share).toBeGreaterThan(0.97);
  });

  it('is good for calls of any lengths', () => {
    const common = { calls: 4000, slots: 8 };
    const lengths: ((call: number) => number)[] = [
      (call) => 1 + ((call * 7919) % 100),
      (call) => (call % 100 === 0 ? 300 : 1),
      (call) => call / 100,
      (call) => (call < 3000 ? 0.01 : 20),
    ];
    for (const msOf of lengths) expect(balance({ ...common, msOf }).share).toBeGreaterThan(0.9);
  });

  it('gives short calls batches of a thousand within some milliseconds', () => {
    const { share, world } = balance({ calls: 200_000, slots: 2, msOf: () => 0.003 });
    expect(share).toBeGreaterThan(0.95);
    expect(world.largestBatch).toBeGreaterThan(1000);
    expect(world.sent).toBeLessThan(500);
  });

  it('has every unit do one of as many long calls, and no unit wait for what another could do', () => {
    const { world } = balance({ calls: 65, slots: 64, msOf: () => 1000 });
    expect(world.overAt).toBeLessThan(2100);
  });
});

describe('the memory of a map', () => {
  it('is bounded when the consumer is slow', () => {
    const common = { calls: 3000, slots: 4, msOf: () => 0.1, consumerMs: 1 };
    const byCount = new World({ ...common, rules: { window: 100 } }).run();
    expect(byCount.mostRead).toBeLessThanOrEqual(100);
    const byBytes = new World({ ...common, bytesOf: () => 1e6, rules: { windowBytes: 2e7 } }).run();
    expect(byBytes.mostRead).toBeLessThanOrEqual(25);
  });

  it('is bounded when results are large, and goes on when what is waited for was lost', () => {
    for (let seed = 0; seed < 20; seed++) {
      const { fraction: random } = new Random(seed);
      const trouble = { links: 3, losses: 5, yields: 3 };
      const common = { calls: 500, slots: 4, msOf: () => 10, consumerMs: 5, trouble, random };
      const rules = { windowBytes: 2e7 };
      const world = new World({ ...common, rules, resultBytesOf: () => 1e6 }).run();
      expect(world.mostUntaken).toBeLessThanOrEqual(40);
    }
  });
});
