/**
 * What DRMAA 2 describes native jobs, reservations and machines with, as plain objects. They are
 * made in C, filled, used and freed within one call; nothing of them is held there.
 *
 * Throughout: what is absent is UNSET; durations are seconds, `Infinity` is INFINITE_TIME; points in
 * time are dates, to the second; memory is in kibibytes; attributes of an implementation's own are
 * strings under `implementationSpecific`.
 */
import type {
  Drmaa2CpuArchitecture,
  Drmaa2Event,
  Drmaa2JobState,
  Drmaa2OperatingSystem,
  Drmaa2ResourceLimit,
} from './constants.ts';

/** Attributes of the implementation's own, by the names that `implementationSpecific()` tells. */
export interface Drmaa2Extensible {
  readonly implementationSpecific?: Readonly<Record<string, string>>;
}

/** A point in time; `now` is the standard's NOW, which the resource manager reads by its own clock. */
export type Drmaa2Time = Date | 'now';

/** A version as the standard has it: two texts, of which nothing more is said (GFD.194, `Version`). */
export interface Drmaa2Version {
  readonly major?: string;
  readonly minor?: string;
}

/**
 * Slots on a machine (GFD.194, `SlotInfo`). `slots` is absent where a layout tells machines by name
 * alone.
 */
export interface Drmaa2SlotInfo {
  readonly machineName: string;
  readonly slots?: number;
}

/**
 * What is to be run (GFD.194, `JobTemplate`). What a library cannot do it refuses by
 * `ATTRIBUTE_UNSUPPORTED`.
 */
export interface Drmaa2JobTemplate extends Drmaa2Extensible {
  /** The program; the machine that runs it has to have it. */
  readonly remoteCommand?: string;
  readonly args?: readonly string[];
  /** Submitted as `QUEUED_HELD`: it waits for `release()`. */
  readonly submitAsHold?: boolean;
  /** Whether the resource manager may start it anew. */
  readonly rerunnable?: boolean;
  readonly jobEnvironment?: Readonly<Record<string, string>>;
  /** Absolute, on the machine that runs it; may begin with `$DRMAA2_HOME_DIR$`. */
  readonly workingDirectory?: string;
  /** One of the session's `jobCategories()`. */
  readonly jobCategory?: string;
  readonly email?: readonly string[];
  readonly emailOnStarted?: boolean;
  readonly emailOnTerminated?: boolean;
  readonly jobName?: string;
  /** Paths may hold `$DRMAA2_HOME_DIR$`, `$DRMAA2_WORKING_DIR$` and, in arrays, `$DRMAA2_INDEX$`. */
  readonly inputPath?: string;
  readonly outputPath?: string;
  readonly errorPath?: string;
  /** Errors go where the output goes. */
  readonly joinFiles?: boolean;
  readonly reservationId?: string;
  readonly queueName?: string;
  readonly minSlots?: number;
  readonly maxSlots?: number;
  /** What higher means is the resource manager's own; -1 cannot be said, as it is UNSET. */
  readonly priority?: number;
  readonly candidateMachines?: readonly string[];
  /** Kibibytes on each machine. */
  readonly minPhysMemory?: number;
  readonly machineOS?: Drmaa2OperatingSystem;
  readonly machineArch?: Drmaa2CpuArchitecture;
  readonly startTime?: Drmaa2Time;
  readonly deadlineTime?: Drmaa2Time;
  /** Paths over there by paths here. */
  readonly stageInFiles?: Readonly<Record<string, string>>;
  /** Paths here by paths over there. */
  readonly stageOutFiles?: Readonly<Record<string, string>>;
  /** Seconds for times, kibibytes for sizes, a count for `OPEN_FILES`. */
  readonly resourceLimits?: Readonly<Partial<Record<Drmaa2ResourceLimit, string | number>>>;
  readonly accountingId?: string;
}

/** What is known of a native job (GFD.194, `JobInfo`), and what is looked for where it is a filter. */
export interface Drmaa2JobInfo extends Drmaa2Extensible {
  readonly jobId?: string;
  /** Only the layouts `pbs` and `age` have it. */
  readonly jobName?: string;
  /** Once it has ended by itself. */
  readonly exitStatus?: number;
  /** What ended it, where a signal did. */
  readonly terminatingSignal?: string;
  /** Why it is in its state, in the resource manager's words. */
  readonly annotation?: string;
  readonly jobState?: Drmaa2JobState;
  readonly jobSubState?: string;
  readonly allocatedMachines?: readonly Drmaa2SlotInfo[];
  readonly submissionMachine?: string;
  readonly jobOwner?: string;
  readonly slots?: number;
  readonly queueName?: string;
  /** Seconds. */
  readonly wallclockTime?: number;
  /** Seconds. */
  readonly cpuTime?: number;
  readonly submissionTime?: Drmaa2Time;
  readonly dispatchTime?: Drmaa2Time;
  readonly finishTime?: Drmaa2Time;
}

/**
 * What is to be reserved (GFD.194, `ReservationTemplate`). The layout `ogf` answers `OTHER` where
 * no machine was asked for.
 */
export interface Drmaa2ReservationTemplate extends Drmaa2Extensible {
  readonly reservationName?: string;
  readonly startTime?: Drmaa2Time;
  readonly endTime?: Drmaa2Time;
  /** Seconds. */
  readonly duration?: number;
  readonly minSlots?: number;
  readonly maxSlots?: number;
  readonly jobCategory?: string;
  readonly usersACL?: readonly string[];
  readonly candidateMachines?: readonly string[];
  /** Kibibytes on each machine. */
  readonly minPhysMemory?: number;
  readonly machineOS?: Drmaa2OperatingSystem;
  readonly machineArch?: Drmaa2CpuArchitecture;
}

/** What was reserved (GFD.194, `ReservationInfo`). */
export interface Drmaa2ReservationInfo extends Drmaa2Extensible {
  readonly reservationId?: string;
  readonly reservationName?: string;
  readonly reservedStartTime?: Drmaa2Time;
  readonly reservedEndTime?: Drmaa2Time;
  readonly usersACL?: readonly string[];
  readonly reservedSlots?: number;
  readonly reservedMachines?: readonly Drmaa2SlotInfo[];
}

/** A queue, of which the standard tells the name alone (GFD.194, `QueueInfo`). */
export interface Drmaa2QueueInfo extends Drmaa2Extensible {
  readonly name?: string;
}

/** A machine (GFD.194, `MachineInfo`). */
export interface Drmaa2MachineInfo extends Drmaa2Extensible {
  readonly name?: string;
  /** Whether native jobs may run there at present. */
  readonly available: boolean;
  readonly sockets?: number;
  readonly coresPerSocket?: number;
  readonly threadsPerCore?: number;
  /** The average of the last minute. */
  readonly load?: number;
  /** Kibibytes. */
  readonly physMemory?: number;
  /** Kibibytes. */
  readonly virtMemory?: number;
  readonly machineOS?: Drmaa2OperatingSystem;
  readonly machineOSVersion?: Drmaa2Version;
  readonly machineArch?: Drmaa2CpuArchitecture;
}

/** That something happened to a native job (GFD.194, `DrmaaNotification`). */
export interface Drmaa2Notification extends Drmaa2Extensible {
  readonly event: Drmaa2Event;
  readonly jobId?: string;
  readonly sessionName?: string;
  readonly jobState?: Drmaa2JobState;
}

/** A state, and what the resource manager itself calls it. */
export interface Drmaa2JobStateReport {
  readonly state: Drmaa2JobState;
  readonly subState?: string;
}

/** What attributes of an implementation's own may belong to (GFD.194, `DrmaaReflective`). */
export type Drmaa2Describable =
  | 'jtemplate'
  | 'jinfo'
  | 'rtemplate'
  | 'rinfo'
  | 'queueinfo'
  | 'machineinfo'
  | 'notification';
