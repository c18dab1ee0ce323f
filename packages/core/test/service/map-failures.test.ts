import { expect, it } from 'vitest';
import { encodeValue } from '../../src/runtime/values.ts';
import { taskErrorOf } from '../../src/service/map-failures.ts';

it('has what was thrown as its cause, where that can be read here', () => {
  const errorOf = (thrown: Uint8Array) => {
    const problem = {
      call: 0,
      kind: 'threw',
      name: 'object',
      message: '{ a: 1 }',
      thrown,
    } as const;
    return taskErrorOf({ problem, inputDigest: '', host: 'there', attempt: 1 }, 'f', 0);
  };
  expect(errorOf(encodeValue({ a: 1 })).cause).toEqual({ a: 1 });
  const ofNewerEngine = errorOf(Uint8Array.of(0xff, 0xfe, 1));
  expect(ofNewerEngine.cause).toBeUndefined();
  expect(ofNewerEngine.message).toContain('{ a: 1 }');
});

it('has an error as its cause with what is its own', () => {
  const thrown = encodeValue({ code: 'ENOENT', path: '/no/such' });
  const problem = {
    call: 0,
    kind: 'threw',
    name: 'Error',
    message: 'no',
    stack: '',
    thrown,
  } as const;
  const { cause } = taskErrorOf({ problem, inputDigest: '', host: 'there', attempt: 1 }, 'f', 0);
  expect(cause).toBeInstanceOf(Error);
  expect(cause).toMatchObject({ message: 'no', code: 'ENOENT', path: '/no/such' });
});
