import { expect, it } from 'vitest';
import type { CallProblem } from '../../../src/model/call-problem.ts';
import { encodeValue } from '../../../src/runtime/values.ts';
import { decodeReturned, taskErrorOf } from '../../../src/service/calls/call-failures.ts';
import { thrownProblem } from '../../../src/workers/call-problems.ts';

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

/** What a user gets as the cause of what was thrown by a call. */
function causeOf(error: unknown): Error {
  const { thrown, ...told } = thrownProblem(0, 'threw', error);
  const problem: CallProblem = {
    ...told,
    ...(thrown !== undefined && { thrown: Buffer.from(thrown, 'base64') }),
  };
  const call = { inputDigest: '', host: 'there', attempt: 1 };
  return taskErrorOf({ problem, ...call }, 'f', 0).cause as Error;
}

it('has the causes of an error, each with what is its own', () => {
  const refused = Object.assign(new Error('connect'), { code: 'ECONNREFUSED', port: 9 });
  const fetched = new TypeError('fetch failed', { cause: refused });
  const cause = causeOf(new Error('outer', { cause: fetched }));
  expect(cause.cause).toMatchObject({ name: 'TypeError', message: 'fetch failed' });
  const inner = (cause.cause as Error).cause;
  expect(inner).toBeInstanceOf(Error);
  expect(inner).toMatchObject({ message: 'connect', code: 'ECONNREFUSED', port: 9 });
  expect((inner as Error).stack).toContain('call-failures.test.ts');
  expect(cause.stack).not.toContain('Caused by');
  expect(Object.keys(cause)).toEqual([]);
});

it('has the errors that one has gathered, and causes that are no errors', () => {
  const all = [Object.assign(new Error('a'), { code: 'E_A' }), 'b', new Error('c', { cause: 7 })];
  const cause = causeOf(Object.assign(new AggregateError(all, 'all'), { code: 'E_ALL' }));
  expect(cause).toBeInstanceOf(AggregateError);
  expect(cause).toMatchObject({ message: 'all', code: 'E_ALL' });
  expect((cause as AggregateError).errors).toMatchObject([
    { message: 'a', code: 'E_A' },
    'b',
    { message: 'c', cause: 7 },
  ]);
});

it('has so many causes as have room, and none again', () => {
  const circular = new Error('circular');
  circular.cause = new Error('inner', { cause: circular });
  expect((causeOf(circular).cause as Error).cause).toBeUndefined();
  let deep = new Error('deepest');
  for (let i = 0; i < 1_000; i++) deep = new Error('x'.repeat(100_000), { cause: deep });
  expect(causeOf(Object.assign(new Error('top', { cause: deep }), { code: 'E' }))).toMatchObject({
    code: 'E',
  });
  let depth = 0;
  for (let each: unknown = causeOf(deep); each instanceof Error; each = each.cause) depth += 1;
  expect(depth).toBeGreaterThan(1);
});

it('names the function that has failed, where that is not the one of the map', () => {
  const problem = { call: 0, kind: 'threw', name: 'Error', message: 'no', task: 'merge' } as const;
  const error = taskErrorOf({ problem, inputDigest: '', host: 'there', attempt: 1 }, 'f', 2);
  expect(error.message).toBe('Error: no (merge, input 2, on there)');
});

it('says with a code that what was returned cannot be read', () => {
  const what = 'what was returned cannot be read';
  expect(() => decodeReturned(Uint8Array.of(0xff, 0xfe, 1))).toThrow(
    expect.objectContaining({ code: 'TASK_FAILED', message: expect.stringContaining(what) }),
  );
});
