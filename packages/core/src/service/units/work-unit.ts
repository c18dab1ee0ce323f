/** What users see of work: units, their groups and collection, events and numbers. */
import type { Observable } from 'rxjs';
import type { WorkUnitExit } from '../../model/exit.ts';
import type { Explanation } from '../../model/explanation.ts';
import type {
  ParsedWorkUnitDescription,
  WorkUnitDescription,
} from '../../model/work-unit-description.ts';
import type { WorkUnitState } from '../../model/work-unit-state.ts';
import type { CallOptions } from '../base/call-options.ts';
import type { PilotJob } from '../base/pilot-job.ts';

/** What a unit reports of itself, by a line in the file that PSTAR_PROGRESS names. */
export interface Progress {
  /** Between 0 and 1, if the line began with a number. */
  readonly fraction?: number;
  /** The rest of the line, empty if there was none. Control characters are written out, as `\x1b`. */
  readonly message: string;
  /** By the clock of the node. */
  readonly at: Date;
}

/**
 * A piece of work: a compute unit of the P* model.
 *
 * A view, made on demand: two of one unit are equal by `id`, not by identity. What it shows is
 * durable; nothing that a crash could take back is ever seen.
 */
export interface WorkUnit {
  /** Its service's id, a dot, and its number there, from 0; the same in every later life of the service. */
  readonly id: string;
  /**
   * What it was submitted with, as it was read: durations in seconds, sizes in bytes. A call's `args` are left
   * out, and so is `dependsOn`, which is not kept: {@link explain} says what it still waits for.
   */
  readonly description: Omit<ParsedWorkUnitDescription, 'dependsOn'>;
  /** Where it is now, as far as the journal has it. */
  readonly state: WorkUnitState;
  /**
   * Begins with the present state and completes after a final one; without one when the service is closed, or
   * its journal fails: whether the last value is final is to be looked at, or {@link finished} awaited.
   */
  readonly state$: Observable<WorkUnitState>;
  /** Why it is in its state, in one line. */
  readonly stateDetail: string;
  /** Begins with the present detail and completes with `state$`. */
  readonly stateDetail$: Observable<string>;
  /** What the unit reports while it runs; begins with the last one, completes with `state$`. */
  readonly progress$: Observable<Progress>;
  /**
   * What the unit writes, live, from the beginning as long as its agent remembers it; brought over only while
   * somebody is subscribed. It completes, empty, if the unit has written nothing. When the link to the agent was lost,
   * it goes on from where it was by the next one.
   *
   * The agent keeps the last mebibyte of a stream, and of units that have ended 16 MiB in all: some 32,000 that have
   * written a line each. What is beyond that, was in a file that is gone, or is asked for when the agent is over, ends
   * with a PilotError: `NOT_FOUND`; `CONNECTION_LOST` while the agent cannot be reached, `SERVICE_CLOSED` once the
   * service is closed. To keep all of it, name a file in `output`, or subscribe before the unit ends.
   */
  readonly stdout$: Observable<Uint8Array>;
  /** Like `stdout$`, with `error` for the file. */
  readonly stderr$: Observable<Uint8Array>;
  /** Where it is bound, or was last. */
  readonly pilotJob: PilotJob | undefined;
  /** How its last attempt ended, once its state is final; absent for one that never started. */
  readonly exit: WorkUnitExit | undefined;
  /** How many times it has been given to a pilot, also ahead of what it waits for. */
  readonly attempt: number;
  /** Resolves with the unit in any final state. */
  finished(options?: CallOptions): Promise<WorkUnit>;
  /** Resolves with the exit of a unit that is Done; rejects with WorkUnitFailedError or WorkUnitCanceledError. */
  result(options?: CallOptions): Promise<WorkUnitExit>;
  /**
   * Resolves with what the function has returned that the unit calls, once it is Done, also in a later
   * life of the service. Each time it is another copy.
   *
   * Rejects with TaskError when the call has failed, whose `cause` is what was thrown; WorkUnitFailedError
   * when it did not come to that; WorkUnitCanceledError; `WRONG_STATE` for a unit that runs a program;
   * `JOURNAL_DAMAGED` or `NOT_FOUND` when its file in the service's directory is not what was written, or gone.
   */
  value<T = unknown>(options?: CallOptions): Promise<T>;
  /** Why it is where it is: what it waits for, and what would let it start. */
  explain(): Explanation;
  /**
   * Asks for the unit to be canceled; resolves once that is durable. One that nobody runs is Canceled then; of
   * one that an agent has, the state tells how it ended. Twice is harmless.
   */
  cancel(): Promise<void>;
}

/** One transition of one unit. */
export interface WorkUnitEvent {
  readonly unit: WorkUnit;
  /** The unit's id. */
  readonly unitId: string;
  /** The state that it left. */
  readonly from: WorkUnitState;
  /** The state that it came to. */
  readonly state: WorkUnitState;
  /** When the manager made it visible. */
  readonly at: Date;
}

/** How many units are in which state. */
export interface WorkStatistics {
  /** All units that were ever submitted to the service. */
  readonly total: number;
  /** In a final state. */
  readonly finished: number;
  readonly byState: Readonly<Record<WorkUnitState, number>>;
}

/** Which units are meant: those for which all of it holds. */
export interface UnitFilter {
  /** Default: any. */
  readonly state?: WorkUnitState | undefined;
  /** The name of a group. Default: any, and none. */
  readonly group?: string | undefined;
}

/** All units of a service in the order of submission. */
export interface ReadonlyWorkUnitCollection extends Iterable<WorkUnit> {
  readonly size: number;
  /** The unit of that id, if it is one of this service's. */
  get(id: string): WorkUnit | undefined;
  /** The unit at a position, counted from 0. */
  at(index: number): WorkUnit | undefined;
  /** Those of a state, a group or both, found as one iterates. */
  filter(by: UnitFilter): Iterable<WorkUnit>;
}

/** How a group is opened. */
export interface GroupOptions {
  /** Attributes for what is submitted through this object; a description overrides them. Default: none. */
  readonly defaults?: Partial<WorkUnitDescription> | undefined;
}

/** Units that can be waited for and canceled as one. */
export interface WorkUnitGroup {
  readonly kind: 'group';
  readonly name: string;
  /** The members there are now. */
  readonly workUnits: Iterable<WorkUnit>;
  readonly size: number;
  /** Members that are not final. */
  readonly unfinished: number;
  /** Like {@link WorkUnitService.submit}, with the group's name and defaults. */
  submit(description: WorkUnitDescription, options?: CallOptions): Promise<WorkUnit>;
  /** Several at once: all of them, or none. */
  submit(descriptions: Iterable<WorkUnitDescription>, options?: CallOptions): Promise<WorkUnit[]>;
  /** Resolves with the present members once all of them are final, whatever the outcome. */
  finished(options?: CallOptions): Promise<WorkUnit[]>;
  /** Cancels the present members. */
  cancel(): Promise<void>;
}
