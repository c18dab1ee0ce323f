import { expect, it } from 'vitest';
import { usageOf } from '../../src/drmaa1/usage.ts';

it('is complete, whatever the library has told', () => {
  expect(usageOf({ jobId: '7' })).toEqual({
    jobId: '7',
    exited: false,
    signaled: false,
    coreDump: false,
    aborted: false,
    usage: undefined,
  });
});

it('reads what was used by its names', () => {
  const usage = ['cpu=0.5', 'note=a=b', 'odd'];
  expect(usageOf({ jobId: '7', exited: true, exitStatus: 3, usage })).toMatchObject({
    exited: true,
    exitStatus: 3,
    usage: { cpu: '0.5', note: 'a=b', odd: '' },
  });
});
