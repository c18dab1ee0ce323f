import fc from 'fast-check';
import { Packr, Unpackr } from 'msgpackr';
import { describe, expect, it } from 'vitest';
import { addTypedArrays, withRoomFor } from '../../src/runtime/typed-arrays.ts';

addTypedArrays();
const packr = new Packr({ moreTypes: true });
const unpackr = new Unpackr({ moreTypes: true, copyBuffers: true });

function roundTrip<T>(value: T): { bytes: number; back: T } {
  const packed = Buffer.from(packr.pack(value));
  return { bytes: packed.length, back: unpackr.unpack(packed) as T };
}

const TYPES = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
];

/** Items that are equal or count upwards for a while, as columns of units are. */
const items = fc
  .array(
    fc.record({
      count: fc.integer({ min: 1, max: 300 }),
      first: fc.oneof(fc.nat(), fc.integer(), fc.double(), fc.constantFrom(-0, 255, 256, 2 ** 32)),
      step: fc.constantFrom(0, 0, 1, -1),
    }),
    { maxLength: 12 },
  )
  .map((runs) =>
    runs.flatMap(({ count, first, step }) =>
      Array.from({ length: count }, (_, i) => first + i * step),
    ),
  );

const upFrom = (first: number, length: number) => Uint32Array.from({ length }, (_, i) => first + i);

describe('typed arrays', () => {
  it('come back as they were', () => {
    fc.assert(
      fc.property(fc.constantFrom(...TYPES), items, fc.nat(3), (Type, list, from) => {
        const array = Type.from(list).subarray(from);
        const { back } = roundTrip({ array, beside: [array, 1] });
        expect(back).toEqual({ array, beside: [array, 1] });
      }),
      { numRuns: 500 },
    );
  });

  it('take next to nothing where they say the same or count upwards', () => {
    expect(roundTrip(new Float64Array(2000).fill(0.1)).bytes).toBeLessThan(20);
    expect(roundTrip(upFrom(7, 2000)).bytes).toBeLessThan(20);
    const some = new Int16Array(2000).fill(-1, 700, 701);
    expect(roundTrip(some).bytes).toBeLessThan(40);
    const ranges = Uint32Array.of(...upFrom(2 ** 32 - 500, 500), ...upFrom(0, 500), 7);
    const { bytes, back } = roundTrip(ranges);
    expect(bytes).toBeLessThan(40);
    expect(back).toEqual(ranges);
  });

  it('take no more than they are otherwise', () => {
    const odd = new Float64Array(2000).map((_, i) => i * i);
    expect(roundTrip(odd).bytes).toBeLessThan(odd.byteLength + 8);
    const pairs = new Uint8Array(2000).map((_, i) => (i >> 1) % 2);
    expect(roundTrip(pairs).bytes).toBeLessThan(pairs.byteLength + 8);
    expect(roundTrip(Uint8Array.of(1, 1, 1)).bytes).toBeLessThan(8);
  });

  it('have memory of their own', () => {
    const { back } = roundTrip([upFrom(0, 100), upFrom(0, 100)]);
    (back[0] as Uint32Array)[0] = 9;
    expect(back[1]).toEqual(upFrom(0, 100));
  });

  it('do not make more of a few bytes than there is room for', () => {
    const packed = Buffer.from(packr.pack([upFrom(0, 1000), upFrom(0, 1000)]));
    expect(() => withRoomFor(7_999, () => unpackr.unpack(packed))).toThrow('room');
    expect(withRoomFor(8_000, () => unpackr.unpack(packed))).toHaveLength(2);
    expect(unpackr.unpack(packed)).toHaveLength(2);
  });

  it('are bytes where they are a Buffer', () => {
    const { back } = roundTrip(Buffer.alloc(100));
    expect(Buffer.isBuffer(back)).toBe(true);
  });
});
