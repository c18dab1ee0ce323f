/** The door for adaptor authors: the contract with resource managers, and what helps to meet it. */

export {
  ADAPTOR_CONTRACT,
  type Adaptor,
  type AgentLaunch,
  type AgentOffer,
  CORE_PILOT_ATTRIBUTES,
  type ConnectContext,
  defineAdaptor,
  type Gateway,
  type NativeState,
  type PilotAttribute,
  type ResourceManager,
  type ResourceManagerInfo,
  type SecurityContext,
  type SecurityPrompt,
  type SecurityQuestion,
  type Subscribable,
  type Unsubscribable,
} from './adaptor/adaptor.ts';
export {
  type CommandOptions,
  type CommandResult,
  type CommandRunner,
  localCommandRunner,
} from './adaptor/command-runner.ts';
export { isLoopback, refuseUnreachable } from './adaptor/reach.ts';
export { availableAdaptors, registerAdaptor } from './adaptor/registry.ts';
export { type LaunchSite, type RelocatedLaunch, relocate } from './adaptor/relocate.ts';
export type { FileFacts, FileOptions, RemoteFiles } from './adaptor/remote-files.ts';
export { agentScript, type SiteCommands, shellCommand, shellQuote } from './adaptor/shell.ts';
export type { Duration, NativeOptions, Scalar } from './model/attribute-readers.ts';
export type { Parsed } from './model/description-schema.ts';
export {
  AdaptorError,
  PILOT_ERROR_CODES,
  PilotError,
  type PilotErrorCode,
  type PilotErrorData,
  type PilotErrorOptions,
} from './model/errors.ts';
export {
  type AGENT_ATTRIBUTES,
  type ExecutorKind,
  type ParsedAgentOptions,
  type ParsedPilotJobDescription,
  type PILOT_JOB_ATTRIBUTES,
  PilotJobDescription,
} from './model/pilot-job-description.ts';
export {
  approximateSize,
  formatDuration,
  formatSize,
  parseDuration,
  parseSize,
} from './model/quantity.ts';
export { abortable } from './runtime/abort.ts';
export type { Clock, Timer, TimerOptions } from './runtime/clock.ts';
export { giveBack } from './runtime/give-back.ts';
export type { Log, LogEntry } from './runtime/log.ts';
