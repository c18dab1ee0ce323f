/**
 * What is measured, each workload defined once: another system can be given the very same. Knows
 * neither how the work is run nor how it is timed.
 */
import type { PilotJobDescription, WorkUnitDescription } from '@pstar/core';

/** How much work a round has. */
export interface Sizes {
  /** Processes of a round. */
  readonly processes: number;
  /** Processes before them: an agent lives for hours, and not as long as its code is being compiled. */
  readonly processesBefore: number;
  /** What an agent that has grown has more than one that has not. */
  readonly grownMegabytes: number;
  /** Units of a round that start no process. */
  readonly nulls: number;
  /** Descriptions of one submit. */
  readonly submitted: number;
  /** Units of a round that are submitted one at a time, and those that come before without a pause. */
  readonly single: number;
  readonly singleBefore: number;
  /** Units that wait while the memory is looked at. */
  readonly pending: number;
  /** Units that run when their program is killed. */
  readonly inFlight: number;
  /** Agents that are connected at once. */
  readonly agents: number;
  /** Units of one service that has very many. */
  readonly vast: number;
  /** Units of a graph, each of which waits for two others. */
  readonly graph: number;
  /** Units that each have a request of their own. */
  readonly apart: number;
  /** How many units, and through how many agents: each with each. */
  readonly growth: { readonly units: readonly number[]; readonly agents: readonly number[] };
  /** Units that somebody looks at. */
  readonly watched: number;
  /** Units for each core of a simulated cluster. */
  readonly unitsPerCore: number;
  /** Units of a tenth of a second, while their program computes. */
  readonly lasting: number;
  /** Programs that a cluster has queued one by one, and through a pilot. */
  readonly short: number;
  /** How large a file is that travels, and how many travel that are small. */
  readonly stagedMegabytes: number;
  readonly stagedFiles: number;
  /** Calls of a function that does nothing; of one that does them as long as anybody looks. */
  readonly calls: number;
  readonly endless: number;
  /** For how long calls keep all cores busy. */
  readonly busyMs: number;
  /** Megabytes that go there and come back as values of calls. */
  readonly valueMegabytes: number;
}

/** What is published. */
export const FULL: Sizes = {
  processes: 4_000,
  processesBefore: 3_000,
  grownMegabytes: 500,
  nulls: 1_000_000,
  submitted: 1_000_000,
  single: 300,
  singleBefore: 3_000,
  pending: 1_000_000,
  inFlight: 1_000,
  agents: 1_000,
  vast: 10_000_000,
  graph: 1_000_000,
  apart: 4_000,
  growth: { units: [1_000, 10_000, 100_000, 1_000_000], agents: [1, 10, 100, 1_000] },
  watched: 1_000,
  unitsPerCore: 100,
  lasting: 1_600,
  short: 500,
  stagedMegabytes: 1_024,
  stagedFiles: 10_000,
  calls: 2_000_000,
  endless: 5_000_000,
  busyMs: 5_000,
  valueMegabytes: 1_024,
};

/** Only to see that everything works. */
export const TINY: Sizes = {
  processes: 40,
  processesBefore: 8,
  grownMegabytes: 8,
  nulls: 2_000,
  submitted: 2_000,
  single: 5,
  singleBefore: 5,
  pending: 2_000,
  inFlight: 20,
  agents: 8,
  vast: 4_000,
  graph: 2_000,
  apart: 100,
  growth: { units: [100, 1_000], agents: [1, 4] },
  watched: 10,
  unitsPerCore: 5,
  lasting: 16,
  short: 5,
  stagedMegabytes: 8,
  stagedFiles: 50,
  calls: 2_000,
  endless: 2_000,
  busyMs: 50,
  valueMegabytes: 4,
};

/** The program whose starts are counted: there is hardly one that does less. */
export const PROGRAM = '/bin/true';

/** One process, in a directory that is there already; what it writes, the agent keeps. */
export const PROCESS_UNIT: WorkUnitDescription = { executable: PROGRAM, workingDirectory: '/tmp' };

const VARIABLES = Object.fromEntries(
  Array.from({ length: 20 }, (_, number) => [`PARAMETER_${number}`, `value ${number}`]),
);

/** The same as people have it: the unit of that number, where `outputs` is a directory for files. */
export const PROCESS_KINDS = {
  plain: () => PROCESS_UNIT,
  files: (number: number, outputs: string) => ({
    executable: PROGRAM,
    workingDirectory: outputs,
    output: `${number}.out`,
    error: `${number}.err`,
  }),
  sandboxes: () => ({ executable: PROGRAM }),
  environment: () => ({ ...PROCESS_UNIT, environment: VARIABLES }),
} satisfies Record<string, (number: number, outputs: string) => WorkUnitDescription>;

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

/** Descriptions with a request of their own, as where the memory that is asked for goes by the input's size. */
export function* apart(count: number): Generator<WorkUnitDescription> {
  for (let i = 0; i < count; i++)
    yield { executable: PROGRAM, workingDirectory: '/tmp', totalPhysicalMemory: 1_000_000 + i };
}

/** Waits for a tenth of a second. */
export const LASTING_UNIT: WorkUnitDescription = {
  executable: '/bin/sleep',
  arguments: ['0.1'],
  workingDirectory: '/tmp',
};

/** Each but the first two waits for two that come before it, so that the graph has many ends and some depth. */
export function* graph(count: number): Generator<WorkUnitDescription> {
  for (let i = 0; i < count; i++) {
    const description = { executable: PROGRAM, workingDirectory: '/tmp', name: `u${i}` };
    yield i < 2
      ? description
      : { ...description, dependsOn: [`u${i >>> 1}`, `u${Math.floor(i / 3)}`] };
  }
}
