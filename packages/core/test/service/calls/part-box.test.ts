import { expect, it } from 'vitest';
import { PartBox } from '../../../src/service/calls/part-box.ts';

const part = (at: number, size: number, ...bytes: number[]) => {
  return { at, size, data: Uint8Array.from(bytes) };
};

it('puts together what comes in parts, and nothing that does not fit', () => {
  const box = new PartBox();
  expect(box.add('7 1 0', part(2, 4, 3, 4))).toBeUndefined();
  expect(box.add('7 1 0', part(0, 4, 1, 2))).toBeUndefined();
  expect(box.add('7 1 0', part(2, 9, 3, 4, 5))).toBeUndefined();
  expect(box.add('7 1 0', part(2, 4, 3, 4))).toEqual(Uint8Array.of(1, 2, 3, 4));
  expect(box.add('7 1 0', part(2, 4, 3, 4))).toBeUndefined();
});

it.each([
  ['of more than there can be', part(0, 2 ** 32, 1)],
  ['of less than nothing', part(0, -1)],
  ['of no number at all', part(0, Number.NaN, 1)],
  ['before the beginning', part(-1, 4, 1)],
  ['beyond the end', part(3, 4, 1, 2)],
])('refuses a part %s', (_, wrong) => {
  expect(() => new PartBox().add('7 1 0', wrong)).toThrow(
    expect.objectContaining({ code: 'PROTOCOL_MISMATCH' }),
  );
});

it('forgets what has come in part of one unit, and of no other', () => {
  const box = new PartBox();
  for (const key of ['7 1 0', '77 1 0']) box.add(key, part(0, 2, 1));
  box.forget('7 ');
  expect(box.add('7 1 0', part(1, 2, 2))).toBeUndefined();
  expect(box.add('77 1 0', part(1, 2, 2))).toEqual(Uint8Array.of(1, 2));
});
