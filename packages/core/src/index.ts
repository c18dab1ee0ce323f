/**
 * The public door: pilots, the work that runs in them, and the words that both are described with.
 * Resource managers' adaptors are written against `@pstar/core/adaptor`.
 */

export type {
  Adaptor,
  AgentLaunch,
  AgentOffer,
  ConnectContext,
  Gateway,
  NativeState,
  PilotAttribute,
  ResourceManager,
  ResourceManagerInfo,
  SecurityContext,
  SecurityPrompt,
  SecurityQuestion,
  Subscribable,
  Unsubscribable,
} from './adaptor/adaptor.ts';
export type { CommandOptions, CommandResult, CommandRunner } from './adaptor/command-runner.ts';
export { type DetectedResourceManager, detectResourceManager } from './adaptor/detect.ts';
export type { FileFacts, FileOptions, RemoteFiles } from './adaptor/remote-files.ts';
export type { CannotBeSent, Sendable } from './functions/sendable.ts';
export { defineTask, task } from './functions/task.ts';
export type {
  TaskBody,
  TaskContext,
  TaskFunction,
  TaskInitContext,
  TaskOf,
} from './functions/task-types.ts';
export { readJournal } from './journal/read-journal.ts';
export type { PlacedRecord } from './journal/recovery.ts';
export type {
  Duration,
  NativeOptions,
  Retries,
  RetriesInput,
  Scalar,
} from './model/attribute-readers.ts';
export type { CallCommand, IsolationKind } from './model/call-command.ts';
export type {
  Dependency,
  DependencyCondition,
  DependencyEdge,
  GroupReference,
  UnitReference,
} from './model/dependency.ts';
export type { Parsed } from './model/description-schema.ts';
export {
  AdaptorError,
  DescriptionError,
  type DescriptionErrorCode,
  type DescriptionErrorOptions,
  PILOT_ERROR_CODES,
  PilotError,
  type PilotErrorCode,
  type PilotErrorData,
  type PilotErrorOptions,
  WorkUnitCanceledError,
  WorkUnitFailedError,
} from './model/errors.ts';
export {
  FAILURE_REASONS,
  type FailureReason,
  type ResourceUsage,
  type WorkUnitExit,
} from './model/exit.ts';
export type { Explanation } from './model/explanation.ts';
export type {
  FileTransfer,
  FileTransferInput,
  ParsedFileTransfer,
} from './model/file-transfer.ts';
export {
  type AGENT_ATTRIBUTES,
  type ExecutorKind,
  type ParsedAgentOptions,
  type ParsedPilotJobDescription,
  type PILOT_JOB_ATTRIBUTES,
  PilotJobDescription,
} from './model/pilot-job-description.ts';
export {
  isFinalPilotJobState,
  PILOT_JOB_STATES,
  PILOT_JOB_TRANSITIONS,
  type PilotJobState,
} from './model/pilot-job-state.ts';
export { formatDuration, formatSize, parseDuration, parseSize } from './model/quantity.ts';
export type {
  Capacity,
  Launcher,
  NodeInfo,
  ResourceRequest,
  Resources,
} from './model/resources.ts';
export {
  isFinalServiceState,
  SERVICE_STATES,
  SERVICE_TRANSITIONS,
  type ServiceState,
} from './model/service-state.ts';
export { TaskError, type TaskErrorDetails, type TaskFailure } from './model/task-error.ts';
export {
  type ParsedWorkUnitDescription,
  type WORK_UNIT_ATTRIBUTES,
  WorkUnitDescription,
} from './model/work-unit-description.ts';
export {
  isFinalWorkUnitState,
  WORK_UNIT_STATES,
  WORK_UNIT_TRANSITIONS,
  type WorkUnitState,
} from './model/work-unit-state.ts';
export type { Clock, Timer, TimerOptions } from './runtime/clock.ts';
export type { DirectoryHolder } from './runtime/directory-lock.ts';
export type { Log, LogEntry } from './runtime/log.ts';
export { BackfillScheduler } from './scheduler/backfill.ts';
export { FifoScheduler } from './scheduler/fifo.ts';
export { RoundRobinScheduler } from './scheduler/round-robin.ts';
export type { Place, RequestClass, Round, Scheduler } from './scheduler/scheduler.ts';
export type { SchedulerName } from './scheduler/schedulers.ts';
export type { ListenOptions } from './service/agents/agent-listener.ts';
export type { CallOptions } from './service/base/call-options.ts';
export { listServices, type ServiceListing } from './service/base/list-services.ts';
export type { CreateOptions, PilotJob, PilotJobEvent } from './service/base/pilot-job.ts';
export type { ServiceKind, Store } from './service/base/service-store.ts';
export type { Inputs } from './service/maps/map-inputs.ts';
export type { MapOptions, ReduceOptions } from './service/maps/map-options.ts';
export {
  type IndexedResult,
  type MapProgressReport,
  ResultStream,
} from './service/maps/result-stream.ts';
export { PilotJobService, type PilotJobServiceOptions } from './service/pilot-job-service.ts';
export type {
  GroupOptions,
  Progress,
  ReadonlyWorkUnitCollection,
  UnitFilter,
  WorkStatistics,
  WorkUnit,
  WorkUnitEvent,
  WorkUnitGroup,
} from './service/units/work-unit.ts';
export { WorkUnitService, type WorkUnitServiceOptions } from './service/work-unit-service.ts';
