import { inspect, isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { copyValue } from '../../src/runtime/value-copy.ts';
import { decodeValue, encodeValue } from '../../src/runtime/values.ts';

class Vector extends Float32Array {}

const bytes = Uint8Array.from({ length: 100 }, (_, i) => i);
const twice = { n: 1 };
const circular: Record<string, unknown> = { name: 'me' };
circular['self'] = circular;

const VALUES: Record<string, object> = {
  'an empty list': [],
  'a plain object': { a: -0, b: undefined, c: [Number.NaN, null, [2n ** 70n]], d: { e: 'text' } },
  'names that mean something': JSON.parse(
    '{ "__proto__": { "a": [1] }, "constructor": { "b": 2 } }',
  ),
  'a list with a hole': Object.assign([1, 2, 3], { length: 5 }),
  'a list with properties': 'a-b'.match(/-/) ?? [],
  'a list with a hole and a property': Object.assign([1], { length: 2, own: [1] }),
  'a long list': Array.from({ length: 1000 }, (_, i) => [i]),
  'the same twice': [twice, twice],
  'one that is in itself': circular,
  'maps, sets and dates': [new Map([[{ a: 1 }, new Set([1])]]), new Date(5), /a/giu],
  errors: new RangeError('no', { cause: new Error('because') }),
  'an instance of a class': Object.assign(Object.create({ method() {} }), { field: [1] }),
  'a part of a buffer': bytes.subarray(3, 10),
  'parts of buffers': [bytes.subarray(3, 10), Buffer.from('text'), new Float64Array(3), twice],
  'a view': new DataView(bytes.buffer, 3, 7),
  'an array of a class': new Vector([1, 2]),
};

describe('what is decoded', () => {
  it('has memory of its own', () => {
    const odd = 'x';
    const views = [bytes.subarray(3, 10), Buffer.from('text'), new Float32Array([1, 2]), odd];
    const dataView = new DataView(bytes.buffer, 3, 7);
    const decoded = decodeValue(encodeValue([...views, dataView])) as ArrayBufferView[];
    const sizes = decoded.filter(ArrayBuffer.isView).map(({ buffer }) => buffer.byteLength);
    expect(sizes).toEqual([7, 4, 8, 7]);
    expect(decoded.slice(0, 4)).toEqual(views);
    expect(Buffer.isBuffer(decoded[1])).toBe(true);
    expect((decoded[4] as DataView).getUint8(0)).toBe(3);
  });
});

it('what is nested too deeply is said to be', () => {
  const nested = (depth: number): unknown => {
    let deep: unknown = [];
    for (let i = 0; i < depth; i++) deep = { deep };
    return deep;
  };
  const tooDeep = 'it is nested more than some 1900 levels deep';
  expect(() => encodeValue(nested(100_000))).toThrow(tooDeep);
  // Some levels more than can be decoded can still be encoded.
  const decodeAll = () => {
    for (let depth = 500; ; depth += 50) decodeValue(encodeValue(nested(depth)));
  };
  expect(decodeAll).toThrow(tooDeep);
});

describe('a copy', () => {
  it.each(Object.keys(VALUES))('of %s is as one that was sent', (name) => {
    const value = VALUES[name] as object;
    const copy = copyValue(value);
    const sent = decodeValue(encodeValue(value));
    // Vitest's own comparisons do not bear a name like __proto__.
    expect(isDeepStrictEqual(copy, sent), inspect(copy)).toBe(true);
    expect(copy).not.toBe(value);
  });

  it('stays as it is', () => {
    const value = { list: [{ n: 1 }], array: new Float32Array(2) };
    const copy = copyValue(value);
    value.list[0] = { n: 2 };
    value.array.fill(2);
    expect(copy).toEqual({ list: [{ n: 1 }], array: new Float32Array(2) });
  });

  it.each([
    { a: [() => 1] },
    [Symbol('s')],
    { deep: { promise: Promise.resolve() } },
    new Proxy({ a: 1 }, {}),
  ])('is refused of what cannot be sent: %#', (value) => {
    expect(() => copyValue(value)).toThrow('could not be cloned');
  });
});
