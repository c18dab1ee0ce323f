/** The error numbers of the C binding, as the standard lists them, against what we make of them. */
import { PILOT_ERROR_CODES } from '@pstar/core';
import { expect, it } from 'vitest';
import { DRMAA1_ERRORS } from '../../src/drmaa1/errors.ts';

// In the order of the standard, from 1.
const STANDARD = `INTERNAL_ERROR DRM_COMMUNICATION_FAILURE AUTH_FAILURE INVALID_ARGUMENT
  NO_ACTIVE_SESSION NO_MEMORY INVALID_CONTACT_STRING DEFAULT_CONTACT_STRING_ERROR
  NO_DEFAULT_CONTACT_STRING_SELECTED DRMS_INIT_FAILED ALREADY_ACTIVE_SESSION DRMS_EXIT_ERROR
  INVALID_ATTRIBUTE_FORMAT INVALID_ATTRIBUTE_VALUE CONFLICTING_ATTRIBUTE_VALUES TRY_LATER
  DENIED_BY_DRM INVALID_JOB RESUME_INCONSISTENT_STATE SUSPEND_INCONSISTENT_STATE
  HOLD_INCONSISTENT_STATE RELEASE_INCONSISTENT_STATE EXIT_TIMEOUT NO_RUSAGE NO_MORE_ELEMENTS`;

it('is complete, and in order', () => {
  const names = STANDARD.split(/\s+/);
  expect(names).toHaveLength(25);
  expect(DRMAA1_ERRORS.map(({ number, name }) => [number, name])).toEqual(
    names.map((name, at) => [at + 1, name]),
  );
});

it.each([
  ['DRM_COMMUNICATION_FAILURE', 'RESOURCE_MANAGER_UNREACHABLE', true],
  ['AUTH_FAILURE', 'AUTHENTICATION_FAILED', false],
  ['INVALID_ARGUMENT', 'DESCRIPTION_INVALID', false],
  ['INVALID_ATTRIBUTE_FORMAT', 'DESCRIPTION_INVALID', false],
  ['INVALID_ATTRIBUTE_VALUE', 'DESCRIPTION_INVALID', false],
  ['CONFLICTING_ATTRIBUTE_VALUES', 'DESCRIPTION_INVALID', false],
  ['INVALID_CONTACT_STRING', 'URL_INVALID', false],
  ['ALREADY_ACTIVE_SESSION', 'ALREADY_EXISTS', false],
  ['TRY_LATER', 'TRY_LATER', true],
  ['DENIED_BY_DRM', 'PERMISSION_DENIED', false],
  ['INVALID_JOB', 'NOT_FOUND', false],
  ['RESUME_INCONSISTENT_STATE', 'WRONG_STATE', false],
  ['SUSPEND_INCONSISTENT_STATE', 'WRONG_STATE', false],
  ['HOLD_INCONSISTENT_STATE', 'WRONG_STATE', false],
  ['RELEASE_INCONSISTENT_STATE', 'WRONG_STATE', false],
  ['EXIT_TIMEOUT', 'TIMEOUT', true],
  ['INTERNAL_ERROR', 'ADAPTOR_FAILED', false],
] as const)('%s is %s', (name, code, transient) => {
  expect(DRMAA1_ERRORS.find((error) => error.name === name)?.code).toBe(code);
  expect(PILOT_ERROR_CODES[code]).toBe(transient);
});
