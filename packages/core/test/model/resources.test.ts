import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  describeRequest,
  fits,
  type ResourceRequest,
  requestKey,
  whyNot,
} from '../../src/model/resources.ts';

const NONE: ResourceRequest = { cores: 0, memory: 0, gpus: 0, resources: {} };
const GIB = 2 ** 30;

const requests: fc.Arbitrary<ResourceRequest> = fc.record({
  cores: fc.nat({ max: 3 }),
  memory: fc.nat({ max: 3 }),
  gpus: fc.nat({ max: 2 }),
  resources: fc.dictionary(fc.constantFrom('fpga', 'licenses'), fc.nat({ max: 2 })),
});

describe('fits', () => {
  it('is whyNot without words', () => {
    fc.assert(
      fc.property(requests, requests, (request, capacity) => {
        expect(fits(request, capacity)).toBe(whyNot(request, capacity) === undefined);
      }),
    );
  });

  it('looks at every amount', () => {
    const room = { cores: 4, memory: 4, gpus: 1, resources: { fpga: 1 } };
    expect(fits(room, room)).toBe(true);
    for (const wish of [{ cores: 5 }, { memory: 5 }, { gpus: 2 }, { resources: { fpga: 2 } }]) {
      expect(fits({ ...NONE, ...wish }, room)).toBe(false);
    }
    expect(fits({ ...NONE, resources: { licenses: 1 } }, room)).toBe(false);
    expect(fits({ ...NONE, resources: { licenses: 0 } }, room)).toBe(true);
  });
});

describe('whyNot', () => {
  it.each([
    [{ cores: 64 }, { cores: 4 }, 'wants 64 cores; has 4'],
    [{ gpus: 1 }, {}, 'wants 1 gpu; has 0'],
    [{ memory: 8 * GIB }, { memory: 4 * GIB }, 'wants 8 GiB of memory; has 4 GiB'],
    [{ resources: { fpga: 2 } }, {}, 'wants 2 fpga; has 0'],
    [{ cores: 64, gpus: 2 }, { cores: 4 }, 'wants 64 cores and 2 gpus; has 4 and 0'],
  ])('%o in %o: %s', (request, capacity, words) => {
    expect(whyNot({ ...NONE, ...request }, { ...NONE, ...capacity })).toBe(words);
  });

  it('does not let rounding hide the difference', () => {
    expect(whyNot({ ...NONE, memory: 4 * GIB }, { ...NONE, memory: 4 * GIB - 1 })).toBe(
      'wants 4GiB of memory; has 4294967295B',
    );
  });
});

describe('describeRequest', () => {
  it.each([
    [{ cores: 64 }, '64 cores'],
    [{ cores: 2, memory: 4 * GIB, gpus: 1 }, '2 cores, 4 GiB, 1 gpu'],
    [{ cores: 1, resources: { licenses: 2, fpga: 1, idle: 0 } }, '1 core, 1 fpga, 2 licenses'],
  ])('%o: %s', (request, words) => {
    expect(describeRequest({ ...NONE, ...request })).toBe(words);
  });
});

describe('requestKey', () => {
  it('is equal exactly for requests that hold the same', () => {
    fc.assert(
      fc.property(requests, requests, (a, b) => {
        const same = fits(a, b) && fits(b, a);
        expect(requestKey(a) === requestKey(b)).toBe(same);
      }),
      { numRuns: 1000 },
    );
  });

  it('does not see the order of names', () => {
    const a = { ...NONE, resources: { fpga: 1, licenses: 2 } };
    const b = { ...NONE, resources: { licenses: 2, fpga: 1 } };
    expect(requestKey(a)).toBe(requestKey(b));
  });
});
