import { expect, it } from 'vitest';
import { LoadError } from '../../src/functions/load-function.ts';
import { TooDeepError } from '../../src/runtime/values.ts';
import {
  loadProblem,
  thrownProblem,
  unreadableProblem,
  unsendableProblem,
} from '../../src/workers/call-problems.ts';

const MUCH = 'x'.repeat(1_000_000);

it.each([
  ['a message', () => new Error(MUCH)],
  ['a name', () => Object.assign(new Error('m'), { name: MUCH })],
  ['a stack', () => Object.assign(new Error('m'), { stack: MUCH })],
  ['a cause', () => new Error('m', { cause: new Error(MUCH) })],
  ['a property', () => Object.assign(new Error('m'), { code: MUCH })],
  ['nothing but words', () => MUCH],
  ['many parts', () => Array.from({ length: 99 }, () => MUCH)],
])('tells no more of an error than is read, with %s that is long', (_, thrown) => {
  const problem = thrownProblem(3, 'threw', thrown());
  expect(problem).toMatchObject({ call: 3, kind: 'threw' });
  expect(JSON.stringify(problem).length).toBeLessThan(64 * 1024);
});

it('says of what is nested too deeply to be sent that it is', () => {
  let deep: unknown = [];
  for (let depth = 0; depth < 100_000; depth++) deep = { deep };
  expect(unsendableProblem(0, deep).message).toBe(
    'its result, nested more than some 1900 levels deep, cannot be sent',
  );
});

it('says of what cannot be sent what it is, however deep it lies', () => {
  let deep: unknown = () => {};
  for (let depth = 0; depth < 1200; depth++) deep = [deep];
  expect(unsendableProblem(0, deep).message).toMatch(
    /^its result(\[0\]){1000} \(\(\) => \{ *\} could not be cloned\) cannot be sent$/,
  );
});

it('says of arguments that cannot be read how deep they are, and that it is they', () => {
  const error = new TooDeepError(undefined);
  expect(unreadableProblem(1, 'its arguments', error)).toMatchObject({
    call: 1,
    kind: 'not-sendable',
    message: 'its arguments, nested more than some 1900 levels deep, cannot be read',
  });
  const { message } = unreadableProblem(1, 'its input', new Error('of another version'));
  expect(message).toBe('its input (of another version) cannot be read');
});

it('says which module has not been loaded, and the first line of why', () => {
  const error = new LoadError('/home/me/f.ts', new RangeError('no weights\nat all'));
  expect(loadProblem('module', error)).toMatchObject({
    name: 'RangeError',
    message: '/home/me/f.ts has thrown while it was loaded: no weights',
    stack: expect.stringContaining('no weights\nat all'),
  });
  expect(loadProblem('module', new Error('there is no f')).message).toBe('there is no f');
});

it('tells no more of where a value cannot be sent', () => {
  const { message } = unsendableProblem(0, { [MUCH]: () => {} });
  expect(message.length).toBeLessThan(17 * 1024);
  expect(message).toMatch(/^its result\.x+ cannot be sent$/);
});
