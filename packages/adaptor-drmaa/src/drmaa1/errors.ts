/**
 * The errors of DRMAA 1 (GFD.133; numbers of its C binding) as data: what each number is
 * called and which code of ours it is.
 */
import type { PilotErrorCode } from '@pstar/core/adaptor';

/** By the number that a function returned. 0, SUCCESS, is none. */
export const DRMAA1_ERRORS = [
  { number: 1, name: 'INTERNAL_ERROR', code: 'ADAPTOR_FAILED' },
  { number: 2, name: 'DRM_COMMUNICATION_FAILURE', code: 'RESOURCE_MANAGER_UNREACHABLE' },
  { number: 3, name: 'AUTH_FAILURE', code: 'AUTHENTICATION_FAILED' },
  { number: 4, name: 'INVALID_ARGUMENT', code: 'DESCRIPTION_INVALID' },
  { number: 5, name: 'NO_ACTIVE_SESSION', code: 'WRONG_STATE' },
  { number: 6, name: 'NO_MEMORY', code: 'ADAPTOR_FAILED' },
  { number: 7, name: 'INVALID_CONTACT_STRING', code: 'URL_INVALID' },
  { number: 8, name: 'DEFAULT_CONTACT_STRING_ERROR', code: 'URL_INVALID' },
  { number: 9, name: 'NO_DEFAULT_CONTACT_STRING_SELECTED', code: 'URL_INVALID' },
  { number: 10, name: 'DRMS_INIT_FAILED', code: 'ADAPTOR_FAILED' },
  { number: 11, name: 'ALREADY_ACTIVE_SESSION', code: 'ALREADY_EXISTS' },
  { number: 12, name: 'DRMS_EXIT_ERROR', code: 'ADAPTOR_FAILED' },
  { number: 13, name: 'INVALID_ATTRIBUTE_FORMAT', code: 'DESCRIPTION_INVALID' },
  { number: 14, name: 'INVALID_ATTRIBUTE_VALUE', code: 'DESCRIPTION_INVALID' },
  { number: 15, name: 'CONFLICTING_ATTRIBUTE_VALUES', code: 'DESCRIPTION_INVALID' },
  { number: 16, name: 'TRY_LATER', code: 'TRY_LATER' },
  { number: 17, name: 'DENIED_BY_DRM', code: 'PERMISSION_DENIED' },
  { number: 18, name: 'INVALID_JOB', code: 'NOT_FOUND' },
  { number: 19, name: 'RESUME_INCONSISTENT_STATE', code: 'WRONG_STATE' },
  { number: 20, name: 'SUSPEND_INCONSISTENT_STATE', code: 'WRONG_STATE' },
  { number: 21, name: 'HOLD_INCONSISTENT_STATE', code: 'WRONG_STATE' },
  { number: 22, name: 'RELEASE_INCONSISTENT_STATE', code: 'WRONG_STATE' },
  { number: 23, name: 'EXIT_TIMEOUT', code: 'TIMEOUT' },
  { number: 24, name: 'NO_RUSAGE', code: 'NOT_FOUND' },
  { number: 25, name: 'NO_MORE_ELEMENTS', code: 'NOT_FOUND' },
] as const satisfies readonly { number: number; name: string; code: PilotErrorCode }[];

/** The name of an error of DRMAA 1, without `DRMAA_ERRNO_`. */
export type Drmaa1ErrorName = (typeof DRMAA1_ERRORS)[number]['name'];
