import { describe, expect, it } from 'vitest';
import { MapBatches } from '../../src/agent/map-batches.ts';

const INPUTS = Buffer.from(Array.from({ length: 10 }, (_, i) => i));

/** A part of the batch of that number. */
function part(batch: number, from = 0, to = INPUTS.length) {
  return {
    type: 'calls',
    unit: 1,
    attempt: 1,
    batch,
    kind: 'calls',
    first: 100 * batch,
    count: 5,
    round: 1,
    at: from,
    size: INPUTS.length,
    data: INPUTS.slice(from, to),
  } as const;
}

function result(batch: number, isLast = true) {
  return { batch, first: 0, count: 1, ms: 1, isLast, problems: [], data: new Uint8Array(1) };
}

describe('the batches of a map unit', () => {
  it('are put together of their parts, in order', () => {
    const batches = new MapBatches();
    expect(batches.arrive(part(1, 0, 4))).toBeUndefined();
    expect(batches.arrive(part(2, 0, 3))).toBeUndefined();
    expect(batches.held().held).toHaveLength(0);
    expect(batches.arrive(part(1, 4))).toMatchObject({ batch: 1, first: 100, data: INPUTS });
    expect(batches.arrive(part(2, 3))?.data).toEqual(INPUTS);
    expect(batches.held()).toEqual({
      held: Uint32Array.of(1, 2),
      firsts: Float64Array.of(100, 200),
      counts: Uint32Array.of(5, 5),
    });
  });

  it('are done once, however often they come', () => {
    const batches = new MapBatches();
    batches.arrive(part(1, 0, 4));
    expect(batches.arrive(part(1, 0, 4))).toBeUndefined();
    expect(batches.arrive(part(1, 4))?.data).toEqual(INPUTS);
    expect(batches.arrive(part(1, 4))).toBeUndefined();
    expect(batches.arrive(part(1))).toBeUndefined();
    batches.done(result(1));
    expect(batches.arrive(part(1))).toBeUndefined();
  });

  it('are nothing where a part does not follow on the one before', () => {
    const batches = new MapBatches();
    expect(batches.arrive(part(1, 4))).toBeUndefined();
    expect(batches.isEmpty).toBe(true);
    batches.arrive(part(1, 0, 2));
    expect(batches.arrive(part(1, 4))).toBeUndefined();
    expect(batches.arrive({ ...part(1, 2), size: 5 })).toBeUndefined();
    expect(batches.arrive({ ...part(1, 2), data: new Uint8Array(99) })).toBeUndefined();
    expect(batches.arrive(part(1, 2))?.data).toEqual(INPUTS);
  });

  it('are here until all of their results are acknowledged', () => {
    const batches = new MapBatches();
    for (const batch of [1, 2]) batches.arrive(part(batch));
    expect(batches.isIdle).toBe(false);
    batches.done(result(1, false));
    batches.acknowledge([1, 2]);
    expect([...batches.held().held]).toEqual([1, 2]);
    expect(batches.hasResults).toBe(true);
    batches.done(result(1));
    expect([...batches.results()]).toHaveLength(2);
    batches.acknowledge([1]);
    expect([...batches.held().held]).toEqual([2]);
    batches.done(result(2));
    expect(batches.isIdle).toBe(true);
    expect(batches.isEmpty).toBe(false);
    expect(batches.done(result(1))).toBe(false);
  });

  it('can be given back where they have no results', () => {
    const batches = new MapBatches();
    for (const batch of [1, 2, 3]) batches.arrive(part(batch));
    batches.arrive(part(4, 0, 2));
    batches.done(result(1, false));
    expect(batches.untouched([1, 2, 4, 9])).toEqual([2]);
    expect(batches.untouched()).toEqual([2, 3]);
    batches.park([3]);
    expect(batches.untouched()).toEqual([2]);
    expect(batches.takeIdle([1, 4])).toEqual([4]);
    expect(batches.takeIdle()).toEqual([3]);
    expect(batches.isBusy).toBe(true);
    batches.done(result(1));
    batches.done(result(2));
    batches.arrive(part(5, 0, 2));
    expect(batches.isBusy).toBe(false);
    batches.dropArriving();
    batches.arrive(part(6));
    batches.abandon();
    expect([...batches.held().held]).toEqual([1, 2]);
  });

  it('that were done in part are over when nobody is left to do the rest', () => {
    const batches = new MapBatches();
    batches.arrive(part(1));
    batches.done(result(1, false));
    expect(batches.abandon()).toMatchObject([{ batch: 1, first: 1, count: 0, isLast: true }]);
    expect([...batches.results()]).toHaveLength(2);
    batches.acknowledge([1]);
    expect(batches.isEmpty).toBe(true);
  });
});
