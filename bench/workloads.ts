/**
 * What is measured, each workload defined once: another system can be given the very same. Knows
 * neither how the work is run nor how it is timed.
 */
import type { PilotJobDescription, WorkUnitDescription } from '@pstar/core';

/** How much work a round has. */
export interface Sizes {
  /** Processes of a round. */
  readonly processes: number;
  /** Units of a round that start no process. */
  readonly nulls: number;
  /** Descriptions of one submit. */
  readonly submitted: number;
  /** Units of a round that are submitted one at a time. */
  readonly single: number;
  /** Units that wait while the memory is looked at. */
  readonly pending: number;
  /** Units that run when their program is killed. */
  readonly inFlight: number;
}

/** What is published. */
export const FULL: Sizes = {
  processes: 4_000,
  nulls: 1_000_000,
  submitted: 1_000_000,
  single: 300,
  pending: 1_000_000,
  inFlight: 1_000,
};

/** Only to see that everything works. */
export const TINY: Sizes = {
  processes: 40,
  nulls: 2_000,
  submitted: 2_000,
  single: 5,
  pending: 2_000,
  inFlight: 20,
};

/** The program whose starts are counted: there is hardly one that does less. */
export const PROGRAM = '/bin/true';

/** One process, in a directory that is there already, its output discarded. */
export const PROCESS_UNIT: WorkUnitDescription = { executable: PROGRAM, workingDirectory: '/tmp' };

/** Eight slots, however many cores there are: the next processes start while others end. */
export const PROCESS_PILOT: PilotJobDescription = { totalCpuCount: 8 };

/** An agent that says of each unit at once that it has ended. */
export const NULL_PILOT: PilotJobDescription = { totalCpuCount: 8, agent: { executor: 'null' } };

/** Descriptions that are all the same object's worth. */
export function* alike(count: number): Generator<WorkUnitDescription> {
  for (let i = 0; i < count; i++) yield { executable: PROGRAM, workingDirectory: '/tmp' };
}

/** Descriptions with arguments of their own, as a parameter study has them. */
export function* withOwnArguments(count: number): Generator<WorkUnitDescription> {
  for (let i = 0; i < count; i++)
    yield { executable: PROGRAM, workingDirectory: '/tmp', arguments: ['--seed', i] };
}
