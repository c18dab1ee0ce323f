/** The door of the kit: what adaptors promise, as tests of vitest, and as data. */

export { ADAPTOR_REQUIREMENTS, problemWith } from './conformance.ts';
export { describeAdaptorConformance } from './describe.ts';
export type {
  ConformanceOptions,
  OutsideHooks,
  ProgramOptions,
  RefusedLaunch,
} from './options.ts';
export type { AdaptorRequirement } from './requirement.ts';
