import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeAll, decodeInTurn, encode, LARGE_BYTES } from '../../src/journal/codec.ts';

const name = fc.string({ unit: 'binary' }).filter((text) => text !== '__proto__');
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: 'medium' },
    fc.string({ unit: 'binary' }),
    fc.integer(),
    fc.maxSafeInteger(),
    fc.double({ noNaN: true }).filter((number) => !Object.is(number, -0)),
    fc.constantFrom(true, false, null, undefined),
    fc.bigInt(),
    fc.uint8Array(),
    fc.uint32Array(),
    fc.int16Array(),
    fc.float64Array({ noNaN: true }),
    fc.float32Array({ noNaN: true, minLength: 14, maxLength: 20 }),
    fc.int8Array({ minLength: 60, maxLength: 70 }),
    fc.array(tie('any')),
    fc.array(fc.tuple(name, tie('any'))).map((entries) => new Map(entries)),
    fc.dictionary(name, tie('any'), { noNullPrototype: true }),
    fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), tie('any'), { noNullPrototype: true }),
  ),
})).any;

describe('the codec', () => {
  it('decodes each of many when its turn comes', () => {
    const values = [1, 2, 3].map((i) => ({
      i,
      text: `${i}`.repeat(100_000),
      list: [{ i }, { i }],
    }));
    const pieces = values.map((value) => Buffer.from(encode(value)));
    expect([...decodeInTurn(Buffer.concat(pieces))]).toEqual(values);
    expect([...decodeInTurn(pieces[0] as Buffer)]).toEqual([values[0]]);
    // What comes after the first has not been looked at.
    pieces[1]?.fill(0xc1);
    expect(decodeInTurn(Buffer.concat(pieces)).next().value).toEqual(values[0]);
  });

  it('gives back the values that were encoded one after the other', () => {
    fc.assert(
      fc.property(fc.array(fc.array(value), { minLength: 1 }), (values) => {
        const bytes = Buffer.concat(values.map((one) => Uint8Array.from(encode(one))));
        expect(decodeAll(bytes)).toEqual(values);
      }),
      { numRuns: 200 },
    );
  });

  it('gives each array memory of its own', () => {
    const [first, second] = decodeAll(encode([Uint32Array.of(1), Uint32Array.of(2)]))[0] as [
      Uint32Array,
      Uint32Array,
    ];
    first[0] = 9;
    expect(second).toEqual(Uint32Array.of(2));
  });

  it('copes with more shapes than it remembers', () => {
    const shapes = Array.from({ length: 5000 }, (_, i) => ({ [`k${i}`]: 1, [`j${i % 7}`]: [i] }));
    expect(decodeAll(encode(shapes))).toEqual([shapes]);
  });

  it('lets go of large encodings', () => {
    const large = encode(new Uint8Array(LARGE_BYTES).map((_, i) => 7 * i));
    const before = Uint8Array.from(large);
    encode(new Uint8Array(LARGE_BYTES).map((_, i) => 9 * i));
    encode({ small: 1 });
    expect(Buffer.compare(large, before)).toBe(0);
  });

  it('keeps what is large while others are encoded', () => {
    const columns = new Float64Array(100_000).map((_, i) => i / 2);
    const state = encode({ columns, names: ['a'] });
    const others = columns.map((item) => 1 - item);
    encode(others);
    encode({ others });
    expect(decodeAll(state)).toEqual([{ columns, names: ['a'] }]);
  });
});
