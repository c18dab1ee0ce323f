import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Allocation, Slots } from '../../src/agent/slots.ts';
import type { Resources } from '../../src/model/resources.ts';

const request = (part: Partial<Resources>): Resources => ({
  cores: 1,
  memory: 0,
  gpus: 0,
  resources: {},
  ...part,
});

const capacity = { cores: [4, 5, 6, 7], gpus: [0, 1], memory: 1000, resources: { licence: 2 } };

describe('Slots', () => {
  it('gives out each core once, and all of them', () => {
    const slots = new Slots(capacity);
    const ids = Array.from({ length: 4 }, () => slots.allocate(request({}))?.cores[0]);
    expect(ids.sort()).toEqual([4, 5, 6, 7]);
    expect(slots.allocate(request({}))).toBeUndefined();
  });

  it('names what it gives, in order', () => {
    const slots = new Slots(capacity);
    expect(slots.allocate(request({ cores: 3, gpus: 2 }))).toMatchObject({
      cores: [4, 5, 6],
      gpus: [0, 1],
    });
  });

  it.each([
    { cores: 5 },
    { memory: 1001 },
    { gpus: 3 },
    { resources: { licence: 3 } },
    { resources: { unheard: 1 } },
  ])('refuses %j and holds nothing of it', (part) => {
    const slots = new Slots(capacity);
    expect(slots.allocate(request(part))).toBeUndefined();
    expect(
      slots.allocate(request({ cores: 4, memory: 1000, gpus: 2, resources: { licence: 2 } })),
    ).toBeDefined();
  });

  it('has all back after a release', () => {
    const slots = new Slots(capacity);
    const all = request({ cores: 4, memory: 1000, gpus: 2, resources: { licence: 2 } });
    slots.release(slots.allocate(all) as Allocation);
    expect(slots.fits(all)).toBe(true);
  });

  it('never gives out more than there is, nor the same thing twice', () => {
    const requests = fc.record({
      cores: fc.integer({ min: 1, max: 5 }),
      memory: fc.integer({ min: 0, max: 600 }),
      gpus: fc.integer({ min: 0, max: 3 }),
      resources: fc.constantFrom<Record<string, number>>({}, { licence: 1 }, { licence: 3 }),
    });
    const step = fc.oneof(requests, fc.nat());
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const slots = new Slots(capacity);
        const held: Allocation[] = [];
        for (const wanted of steps) {
          if (typeof wanted === 'number') {
            const [gone] = held.splice(wanted % Math.max(1, held.length), 1);
            if (gone) slots.release(gone);
          } else {
            const given = slots.allocate(wanted);
            if (given) held.push(given);
            if (given) expect(given.cores).toHaveLength(wanted.cores);
          }
          const cores = held.flatMap((each) => each.cores);
          const gpus = held.flatMap((each) => each.gpus);
          const sum = (amount: (of: Resources) => number): number =>
            held.reduce((total, each) => total + amount(each.request), 0);
          expect(new Set(cores).size).toBe(cores.length);
          expect(new Set(gpus).size).toBe(gpus.length);
          expect(slots.freeCores).toBe(4 - cores.length);
          expect(sum((of) => of.memory)).toBeLessThanOrEqual(1000);
          expect(sum((of) => of.resources['licence'] ?? 0)).toBeLessThanOrEqual(2);
        }
      }),
    );
  });
});
