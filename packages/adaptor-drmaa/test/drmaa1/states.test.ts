/** The numbers of `drmaa_job_ps` and `drmaa_control`, as the standard lists them. */
import { expect, it } from 'vitest';
import { DRMAA1_ACTIONS, DRMAA1_STATES } from '../../src/drmaa1/states.ts';

it('has every state', () => {
  const known = Object.fromEntries(DRMAA1_STATES.map(({ number, name }) => [name, number]));
  expect(known).toEqual({
    UNDETERMINED: 0x00,
    QUEUED_ACTIVE: 0x10,
    SYSTEM_ON_HOLD: 0x11,
    USER_ON_HOLD: 0x12,
    USER_SYSTEM_ON_HOLD: 0x13,
    RUNNING: 0x20,
    SYSTEM_SUSPENDED: 0x21,
    USER_SUSPENDED: 0x22,
    USER_SYSTEM_SUSPENDED: 0x23,
    DONE: 0x30,
    FAILED: 0x40,
  });
});

it('has every action', () => {
  expect(Object.keys(DRMAA1_ACTIONS)).toEqual([
    'SUSPEND',
    'RESUME',
    'HOLD',
    'RELEASE',
    'TERMINATE',
  ]);
  expect(Object.values(DRMAA1_ACTIONS)).toEqual([0, 1, 2, 3, 4]);
});
