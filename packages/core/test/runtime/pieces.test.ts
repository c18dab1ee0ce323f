/** Values in pieces, and memory that is given back. */
import { DefaultSerializer, serialize } from 'node:v8';
import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { giveBack, giveBackData } from '../../src/runtime/give-back.ts';
import { type Bytes, Pieces } from '../../src/runtime/pieces.ts';
import { decodeValue, encodePieces } from '../../src/runtime/values.ts';

const LARGE = 64 * 1024;
const joined = (bytes: Bytes): Buffer =>
  bytes instanceof Pieces ? bytes.joined() : Buffer.from(bytes);
const filled = (length: number): Uint8Array<ArrayBuffer> =>
  Uint8Array.from({ length }, (_, i) => i * 7);

it.each([
  ['a large array', filled(LARGE)],
  ['several, between other things', ['é', filled(LARGE), 1n, { a: filled(2 * LARGE) }, 'ünd “so”']],
  ['one twice', ((each) => [each, each])(filled(LARGE))],
  [
    'other kinds of them',
    [new Float64Array(LARGE), new Uint16Array(LARGE), Buffer.alloc(LARGE, 3)],
  ],
  ['a part of a larger one', [new Float32Array(new ArrayBuffer(4 * LARGE), 8, LARGE / 2)]],
  ['an odd number of bytes', [filled(LARGE + 1), 'ünd “so” weiter …', filled(LARGE)]],
  ['none', ['small', filled(10)]],
])('are the bytes that the engine makes: %s', (_, value) => {
  const bytes = joined(encodePieces(value));
  expect(bytes.equals(serialize(value))).toBe(true);
  expect(decodeValue(bytes)).toEqual(value);
});

it('has large arrays themselves among the pieces', () => {
  const large = filled(LARGE);
  const pieces = encodePieces([1, large]) as Pieces;
  expect(pieces.all.some(({ buffer }) => buffer === large.buffer)).toBe(true);
  expect(pieces.length).toBe(serialize([1, large]).length);
});

it('is right where a value has what stood for a large array in an earlier one', () => {
  const written = vi.spyOn(DefaultSerializer.prototype, 'writeRawBytes');
  encodePieces(filled(LARGE));
  const places = written.mock.calls.map(([bytes]) => Buffer.from(bytes as Uint8Array));
  written.mockRestore();
  expect(places.length).toBeGreaterThan(0);
  const value = [...places, filled(LARGE)];
  expect(joined(encodePieces(value)).equals(serialize(value))).toBe(true);
});

it('stays as long as it was when its memory is given away', () => {
  const gone = filled(LARGE);
  const pieces = new Pieces([filled(10), gone, filled(10)]);
  structuredClone(gone, { transfer: [gone.buffer] });
  expect(gone.length).toBe(0);
  const whole = Buffer.concat([filled(10), Buffer.alloc(LARGE), filled(10)]);
  expect(pieces.joined().equals(whole)).toBe(true);
  const cut = [pieces.subarray(0, 100), pieces.subarray(100, pieces.length)];
  expect(cut.map(({ length }) => length)).toEqual([100, LARGE - 80]);
  expect(Buffer.concat(cut.map((each) => each.joined())).equals(whole)).toBe(true);
});

it('can be cut anywhere', () => {
  const piece = fc.uint8Array({ maxLength: 20 });
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 6 }), fc.nat(130), fc.nat(130), (all, a, b) => {
      const pieces = new Pieces(all);
      const [from, to] = [Math.min(a, b), Math.max(a, b)];
      const expected = pieces.joined().subarray(from, to);
      expect(pieces.subarray(from, to).joined().equals(expected)).toBe(true);
      expect(pieces.subarray(from, to).length).toBe(expected.length);
    }),
  );
});

it('names what cannot be cloned', () => {
  expect(() => encodePieces([filled(LARGE), () => 1])).toThrow('() => 1 could not be cloned');
});

it('gives memory back at once', () => {
  const before = process.memoryUsage().arrayBuffers;
  const bytes = Buffer.allocUnsafeSlow(1024 * LARGE);
  const view = bytes.subarray(100);
  giveBack(bytes);
  expect([bytes.length, view.length]).toEqual([0, 0]);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(LARGE);
});

it('gives memory back in which nobody needs what is beside', () => {
  const packet = Buffer.allocUnsafeSlow(LARGE);
  giveBack(packet.subarray(10, LARGE - 20), 29);
  expect(packet.length).toBe(LARGE);
  giveBack(packet.subarray(10, LARGE - 20), 30);
  expect(packet.length).toBe(0);
});

it('gives nothing back that is a part of something larger, or small', () => {
  const bytes = Buffer.allocUnsafeSlow(LARGE);
  giveBack(bytes.subarray(1));
  giveBack(bytes.subarray(0, LARGE - 1));
  giveBackData(bytes.subarray(0, LARGE - 1));
  expect(bytes.length).toBe(LARGE);
  giveBackData(bytes.subarray(100));
  expect(bytes.length).toBe(0);
  const pooled = Buffer.from('one of many');
  giveBackData(pooled);
  expect(pooled.toString()).toBe('one of many');
});
