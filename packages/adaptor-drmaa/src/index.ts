/** DRMAA 1 and 2: libraries of resource managers, useful alone, and the adaptors built on them. */

export { drmaa2Adaptor, drmaaAdaptor } from './adaptor/adaptor.ts';
export { listDrmaaSessions } from './adaptor/sessions.ts';
export type { DrmaaAttributeName, DrmaaJobAttributes } from './drmaa1/attributes.ts';
export { type Drmaa, type DrmaaOptions, type DrmaaVersion, loadDrmaa } from './drmaa1/drmaa.ts';
export { DRMAA1_ERRORS, type Drmaa1ErrorName } from './drmaa1/errors.ts';
export type { DrmaaJobTemplate } from './drmaa1/job-template.ts';
export type { DrmaaWaitOptions } from './drmaa1/polling.ts';
export type {
  DrmaaBulkRange,
  DrmaaSession,
  DrmaaSynchronizeOptions,
} from './drmaa1/session.ts';
export type { DrmaaJobStatus } from './drmaa1/state-watch.ts';
export {
  DRMAA1_ACTIONS,
  DRMAA1_STATES,
  type DrmaaJobAction,
  type DrmaaJobState,
} from './drmaa1/states.ts';
export type { DrmaaJobUsage } from './drmaa1/usage.ts';
export {
  CAPABILITIES as DRMAA2_CAPABILITIES,
  CPU_ARCHITECTURES as DRMAA2_CPU_ARCHITECTURES,
  type Drmaa2Capability,
  type Drmaa2CpuArchitecture,
  type Drmaa2Event,
  type Drmaa2JobState,
  type Drmaa2OperatingSystem,
  type Drmaa2ResourceLimit,
  EVENTS as DRMAA2_EVENTS,
  JOB_STATES as DRMAA2_JOB_STATES,
  OPERATING_SYSTEMS as DRMAA2_OPERATING_SYSTEMS,
  RESOURCE_LIMITS as DRMAA2_RESOURCE_LIMITS,
} from './drmaa2/constants.ts';
export { type Drmaa2, type Drmaa2Options, loadDrmaa2 } from './drmaa2/drmaa2.ts';
export { DRMAA2_ERRORS, type Drmaa2ErrorName } from './drmaa2/errors.ts';
export type { Drmaa2Job } from './drmaa2/job.ts';
export type { Drmaa2JobArray } from './drmaa2/job-array.ts';
export type { Drmaa2BulkRange, Drmaa2JobSession } from './drmaa2/job-session.ts';
export type { Drmaa2MonitoringSession } from './drmaa2/monitoring-session.ts';
export type { Drmaa2Reservation } from './drmaa2/reservation.ts';
export type { Drmaa2ReservationSession } from './drmaa2/reservation-session.ts';
export { type Drmaa2Layout, LAYOUT_NAMES as DRMAA2_LAYOUTS } from './drmaa2/structures.ts';
export type {
  Drmaa2Describable,
  Drmaa2Extensible,
  Drmaa2JobInfo,
  Drmaa2JobStateReport,
  Drmaa2JobTemplate,
  Drmaa2MachineInfo,
  Drmaa2Notification,
  Drmaa2QueueInfo,
  Drmaa2ReservationInfo,
  Drmaa2ReservationTemplate,
  Drmaa2SlotInfo,
  Drmaa2Time,
  Drmaa2Version,
} from './drmaa2/types.ts';
export {
  DrmaaError,
  type DrmaaErrorData,
  type DrmaaErrorName,
  type DrmaaFacts,
} from './errors.ts';
