/** What is said of inputs that cannot be sent. */
import { expect, it, vi } from 'vitest';
import { MapInputs } from '../../../src/service/maps/map-inputs.ts';

const GIBIBYTE = new Uint8Array(2 ** 30);

it.each([
  ['larger than a value may be', Array.from({ length: 5 }, () => GIBIBYTE.subarray()), /the most/],
  ['something that cannot be cloned', { call: () => 1 }, /structurally cloned/],
])('says which input is %s', async (_, input, hint) => {
  const read = vi.fn();
  const inputs = new MapInputs<unknown>([1, input], { read, over: () => {}, failed: () => {} });
  inputs.want(2);
  await expect.poll(() => read).toHaveBeenCalled();
  const span = { first: 0, count: 2 };
  expect(() => inputs.encode(span)).toThrow();
  expect(inputs.problemOf(span)).toMatchObject({
    code: 'DESCRIPTION_INVALID',
    problem: expect.stringContaining('input 1'),
    hint: expect.stringMatching(hint),
  });
});

it.each([
  [{ a: 1 }, /^inputs: cannot be gone through; give an array/],
  [undefined, /^inputs: cannot be gone through/],
  ['abc', /^inputs: are a string; give \[text\]/],
])('refuses %j as inputs, and says why', (inputs, says) => {
  const reader = { read: () => {}, over: () => {}, failed: () => {} };
  expect(() => new MapInputs(inputs as never, reader)).toThrow(says);
});
