/**
 * The errors of DRMAA 2 (GFD.194; numbers of its C binding, GFD.198) as data: what each number is
 * called and which code of ours it is.
 */
import type { PilotErrorCode } from '@pstar/core/adaptor';

/** By the number that `drmaa2_lasterror` told. 0, SUCCESS, is none. */
export const DRMAA2_ERRORS = [
  { number: 1, name: 'DENIED_BY_DRMS', code: 'PERMISSION_DENIED' },
  { number: 2, name: 'DRM_COMMUNICATION', code: 'RESOURCE_MANAGER_UNREACHABLE' },
  { number: 3, name: 'TRY_LATER', code: 'TRY_LATER' },
  { number: 4, name: 'SESSION_MANAGEMENT', code: 'ADAPTOR_FAILED' },
  { number: 5, name: 'TIMEOUT', code: 'TIMEOUT' },
  { number: 6, name: 'INTERNAL', code: 'ADAPTOR_FAILED' },
  { number: 7, name: 'INVALID_ARGUMENT', code: 'DESCRIPTION_INVALID' },
  { number: 8, name: 'INVALID_SESSION', code: 'NOT_FOUND' },
  { number: 9, name: 'INVALID_STATE', code: 'WRONG_STATE' },
  { number: 10, name: 'OUT_OF_RESOURCE', code: 'TRY_LATER' },
  { number: 11, name: 'UNSUPPORTED_ATTRIBUTE', code: 'ATTRIBUTE_UNSUPPORTED' },
  { number: 12, name: 'UNSUPPORTED_OPERATION', code: 'OPERATION_UNSUPPORTED' },
  { number: 13, name: 'IMPLEMENTATION_SPECIFIC', code: 'ADAPTOR_FAILED' },
] as const satisfies readonly { number: number; name: string; code: PilotErrorCode }[];

/** The name of an error of DRMAA 2, without `DRMAA2_`. */
export type Drmaa2ErrorName = (typeof DRMAA2_ERRORS)[number]['name'];
