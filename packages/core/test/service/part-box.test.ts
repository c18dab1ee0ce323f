import { expect, it } from 'vitest';
import { PartBox } from '../../src/service/part-box.ts';

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

it('forgets what has come in part of one unit, and of no other', () => {
  const box = new PartBox();
  for (const key of ['7 1 0', '77 1 0']) box.add(key, part(0, 2, 1));
  box.forget('7 ');
  expect(box.add('7 1 0', part(1, 2, 2))).toBeUndefined();
  expect(box.add('77 1 0', part(1, 2, 2))).toEqual(Uint8Array.of(1, 2));
});
