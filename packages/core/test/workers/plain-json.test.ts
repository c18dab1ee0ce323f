import { afterEach, expect, it } from 'vitest';
import { jsonOf, parseJson } from '../../src/workers/plain-json.ts';

const message = {
  type: 'results',
  problems: [{ name: 'Ü"\u2028', call: 0, stack: undefined }],
  usage: [1.5, -2],
  isOver: true,
  none: null,
  empty: [{}, []],
};

const prototypes = [Object.prototype, Array.prototype, String.prototype, Number.prototype];
const { stringify, parse } = JSON;
afterEach(() => {
  Object.assign(JSON, { stringify, parse });
  for (const each of prototypes) delete (each as { toJSON?: unknown }).toJSON;
});

it('writes what JSON does', () => {
  expect(jsonOf(message)).toBe(JSON.stringify(message));
});

it('writes and reads the same when prototypes and JSON itself are changed', () => {
  const wanted = JSON.stringify(message);
  for (const each of prototypes) Object.assign(each, { toJSON: () => 1 });
  Object.assign(JSON, { stringify: () => 'x', parse: () => 'x' });
  const written = jsonOf(message);
  const read = parseJson(written);
  for (const each of prototypes) delete (each as { toJSON?: unknown }).toJSON;
  expect(written).toBe(wanted);
  expect(read).toEqual(parse(wanted));
});
