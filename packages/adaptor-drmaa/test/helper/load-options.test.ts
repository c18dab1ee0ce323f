import { expect, it } from 'vitest';
import { checkLoading } from '../../src/helper/load-options.ts';

it.each<[string, unknown, object]>([
  ['path', '', {}],
  ['path', undefined, {}],
  ['callTimeout', 'libdrmaa.so', { callTimeout: 0 }],
  ['callTimeout', 'libdrmaa.so', { callTimeout: -1 }],
  ['callTimeout', 'libdrmaa.so', { callTimeout: Number.NaN }],
  ['enviroment', 'libdrmaa.so', { enviroment: {} }],
  ['layout', 'libdrmaa.so', { layout: 'ogf' }],
])('refuses by name what cannot be meant: %s', (subject, path, options) => {
  expect(() => checkLoading(path, options)).toThrow(
    expect.objectContaining({ code: 'DESCRIPTION_INVALID', subject }),
  );
});

it('takes what is known', () => {
  checkLoading('libdrmaa.so', { callTimeout: 0.5, environment: undefined });
  checkLoading('libdrmaa.so', { layout: 'ogf' }, ['layout']);
});
