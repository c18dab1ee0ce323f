/**
 * The tables of the two standards, written down once more and from the standards: a library answers
 * with each number, and what comes out of the binding is compared with what it has to be.
 */
import type { Drmaa2Job, Drmaa2JobSession, DrmaaSession } from '@pstar/adaptor-drmaa';
import type { PilotErrorCode } from '@pstar/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Drmaa2World, newSession } from './fixture.ts';
import { Drmaa1World } from './fixture1.ts';

type Row = readonly [number: number, name: string, code: PilotErrorCode];

/** GFD.133, 3.5, by the numbers of its C binding. */
const drmaa1Errors: readonly Row[] = [
  [1, 'INTERNAL_ERROR', 'ADAPTOR_FAILED'],
  [2, 'DRM_COMMUNICATION_FAILURE', 'RESOURCE_MANAGER_UNREACHABLE'],
  [3, 'AUTH_FAILURE', 'AUTHENTICATION_FAILED'],
  [4, 'INVALID_ARGUMENT', 'DESCRIPTION_INVALID'],
  [5, 'NO_ACTIVE_SESSION', 'WRONG_STATE'],
  [6, 'NO_MEMORY', 'ADAPTOR_FAILED'],
  [7, 'INVALID_CONTACT_STRING', 'URL_INVALID'],
  [8, 'DEFAULT_CONTACT_STRING_ERROR', 'URL_INVALID'],
  [9, 'NO_DEFAULT_CONTACT_STRING_SELECTED', 'URL_INVALID'],
  [10, 'DRMS_INIT_FAILED', 'ADAPTOR_FAILED'],
  [11, 'ALREADY_ACTIVE_SESSION', 'ALREADY_EXISTS'],
  [12, 'DRMS_EXIT_ERROR', 'ADAPTOR_FAILED'],
  [13, 'INVALID_ATTRIBUTE_FORMAT', 'DESCRIPTION_INVALID'],
  [14, 'INVALID_ATTRIBUTE_VALUE', 'DESCRIPTION_INVALID'],
  [15, 'CONFLICTING_ATTRIBUTE_VALUES', 'DESCRIPTION_INVALID'],
  [16, 'TRY_LATER', 'TRY_LATER'],
  [17, 'DENIED_BY_DRM', 'PERMISSION_DENIED'],
  [18, 'INVALID_JOB', 'NOT_FOUND'],
  [19, 'RESUME_INCONSISTENT_STATE', 'WRONG_STATE'],
  [20, 'SUSPEND_INCONSISTENT_STATE', 'WRONG_STATE'],
  [21, 'HOLD_INCONSISTENT_STATE', 'WRONG_STATE'],
  [22, 'RELEASE_INCONSISTENT_STATE', 'WRONG_STATE'],
  [23, 'EXIT_TIMEOUT', 'TIMEOUT'],
  [24, 'NO_RUSAGE', 'NOT_FOUND'],
  [25, 'NO_MORE_ELEMENTS', 'NOT_FOUND'],
];

/** GFD.133, 3.4, as `drmaa_job_ps` answers. */
const drmaa1States = {
  0: 'UNDETERMINED',
  16: 'QUEUED_ACTIVE',
  17: 'SYSTEM_ON_HOLD',
  18: 'USER_ON_HOLD',
  19: 'USER_SYSTEM_ON_HOLD',
  32: 'RUNNING',
  33: 'SYSTEM_SUSPENDED',
  34: 'USER_SUSPENDED',
  35: 'USER_SYSTEM_SUSPENDED',
  48: 'DONE',
  64: 'FAILED',
};

/** GFD.194, 3.4, by the numbers of GFD.198. */
const drmaa2Errors: readonly Row[] = [
  [1, 'DENIED_BY_DRMS', 'PERMISSION_DENIED'],
  [2, 'DRM_COMMUNICATION', 'RESOURCE_MANAGER_UNREACHABLE'],
  [3, 'TRY_LATER', 'TRY_LATER'],
  [4, 'SESSION_MANAGEMENT', 'ADAPTOR_FAILED'],
  [5, 'TIMEOUT', 'TIMEOUT'],
  [6, 'INTERNAL', 'ADAPTOR_FAILED'],
  [7, 'INVALID_ARGUMENT', 'DESCRIPTION_INVALID'],
  [8, 'INVALID_SESSION', 'NOT_FOUND'],
  [9, 'INVALID_STATE', 'WRONG_STATE'],
  [10, 'OUT_OF_RESOURCE', 'TRY_LATER'],
  [11, 'UNSUPPORTED_ATTRIBUTE', 'ATTRIBUTE_UNSUPPORTED'],
  [12, 'UNSUPPORTED_OPERATION', 'OPERATION_UNSUPPORTED'],
  [13, 'IMPLEMENTATION_SPECIFIC', 'ADAPTOR_FAILED'],
];

/** GFD.194, 8.1, by the numbers of GFD.198. */
const drmaa2States = {
  0: 'UNDETERMINED',
  1: 'QUEUED',
  2: 'QUEUED_HELD',
  3: 'RUNNING',
  4: 'SUSPENDED',
  5: 'REQUEUED',
  6: 'REQUEUED_HELD',
  7: 'DONE',
  8: 'FAILED',
};

describe('DRMAA 1', () => {
  let world: Drmaa1World;
  let session: DrmaaSession;
  let id: string;

  beforeAll(async () => {
    world = await Drmaa1World.open();
    session = await world.drmaa.init();
    id = await session.runJob({ ...world.shell('true'), jobSubmissionState: 'HOLD' });
  }, 120_000);

  afterAll(() => world[Symbol.asyncDispose]());

  it.each(drmaa1Errors)('error %d is %s, and %s to us', async (number, drmaa, code) => {
    await world.fail(`control:error=${number}`);
    const call = 'drmaa_control';
    await expect(session.control(id, 'RELEASE')).rejects.toMatchObject({ drmaa, code, call });
  });

  it.each(Object.entries(drmaa1States))('state %s is %s', async (number, state) => {
    await world.fail(`job_ps:answer=${number}`);
    expect(await session.jobPs(id)).toBe(state);
  });
});

describe('DRMAA 2', () => {
  let world: Drmaa2World;
  let session: Drmaa2JobSession;
  let job: Drmaa2Job;

  beforeAll(async () => {
    world = await Drmaa2World.open();
    session = await newSession(world.drmaa);
    job = await session.runJob({ ...world.shell('true'), submitAsHold: true });
  }, 120_000);

  afterAll(() => world[Symbol.asyncDispose]());

  it.each(drmaa2Errors)('error %d is %s, and %s to us', async (number, drmaa, code) => {
    await world.fail(`j_release:error=${number}`);
    await expect(job.release()).rejects.toMatchObject({ drmaa, code, call: 'drmaa2_j_release' });
  });

  it.each(Object.entries(drmaa2States))('state %s is %s', async (number, state) => {
    await world.fail(`j_get_state:answer=${number}`);
    expect((await job.getState()).state).toBe(state);
  });
});
