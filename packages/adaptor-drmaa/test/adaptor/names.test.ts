import { expect, it } from 'vitest';
import { jobName } from '../../src/adaptor/names.ts';

it.each([
  ['p-1', undefined, 'p-1'],
  ['p-1', 'p-1', 'p-1'],
  ['p-1', 'my *@ run', 'my____run.p-1'],
  ['p-1', 'x'.repeat(60), `${'x'.repeat(48)}.p-1`],
  ['p-1', '3d', '_3d.p-1'],
])('%s that is called %s is %s', (launch, shown, name) => {
  expect(jobName(launch, shown)).toBe(name);
});
