/** The states and the actions of DRMAA 1 (GFD.133; numbers of its C binding) as data. */

/** By the number that `drmaa_job_ps` tells. */
export const DRMAA1_STATES = [
  { number: 0x00, name: 'UNDETERMINED' },
  { number: 0x10, name: 'QUEUED_ACTIVE' },
  { number: 0x11, name: 'SYSTEM_ON_HOLD' },
  { number: 0x12, name: 'USER_ON_HOLD' },
  { number: 0x13, name: 'USER_SYSTEM_ON_HOLD' },
  { number: 0x20, name: 'RUNNING' },
  { number: 0x21, name: 'SYSTEM_SUSPENDED' },
  { number: 0x22, name: 'USER_SUSPENDED' },
  { number: 0x23, name: 'USER_SYSTEM_SUSPENDED' },
  { number: 0x30, name: 'DONE' },
  { number: 0x40, name: 'FAILED' },
] as const satisfies readonly { number: number; name: string }[];

/**
 * What a native job is doing (GFD.133, `drmaa_job_ps`), without `DRMAA_PS_`.
 *
 * `UNDETERMINED` says that the resource manager cannot tell at present; `DONE` and `FAILED` are the ends.
 */
export type DrmaaJobState = (typeof DRMAA1_STATES)[number]['name'];

/** By the word of {@link DrmaaJobAction}, what `drmaa_control` takes. */
export const DRMAA1_ACTIONS = {
  SUSPEND: 0,
  RESUME: 1,
  HOLD: 2,
  RELEASE: 3,
  TERMINATE: 4,
} as const;

/** What can be done to a native job (GFD.133, `drmaa_control`), without `DRMAA_CONTROL_`. */
export type DrmaaJobAction = keyof typeof DRMAA1_ACTIONS;
