/** DRMAA 1 and 2: libraries of resource managers, useful alone, and the adaptors built on them. */

export type { Drmaa1ErrorName } from './drmaa1/errors.ts';
export type { Drmaa2ErrorName } from './drmaa2/errors.ts';
export {
  DrmaaError,
  type DrmaaErrorData,
  type DrmaaErrorName,
  type DrmaaFacts,
} from './errors.ts';
