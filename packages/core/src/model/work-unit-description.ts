/**
 * What a work unit is described by: SAGA's job description in camelCase, and what pilots add to it.
 *
 * Every attribute does what its comment says or is refused by name; none is ignored.
 */
import { z } from 'zod';
import {
  readAmount,
  readArguments,
  readCleanup,
  readCount,
  readEnvironment,
  readFlag,
  readInteger,
  readLimit,
  readOneOrMore,
  readPilotId,
  readResources,
  readRetries,
  readText,
  readTexts,
} from './attribute-readers.ts';
import { misplaced, readArgs, readIsolation, readModule } from './call-attributes.ts';
import type { CallCommand } from './call-command.ts';
import { normalizeDependencies } from './dependency.ts';
import { attribute, type Parsed, parseWith } from './description-schema.ts';
import { type FileTransferInput, readFileTransfer } from './file-transfer.ts';
import { parseDuration, parseSize } from './quantity.ts';
import { type Refusal, refuseNoChoice, refuseUnsupported } from './refusals.ts';
import type { ResourceRequest } from './resources.ts';
import { parseTimestamp } from './timestamp.ts';

// A constant of its own with a type of its own: only so do the comments reach the declarations.
/** Every attribute of a work unit's description, with the schema that reads it. */
export const WORK_UNIT_ATTRIBUTES = {
  /**
   * The program to run: a path, or a name that is looked for in the node's PATH. Required, unless a
   * function is called.
   *
   * SAGA Executable.
   */
  executable: attribute(readText),
  /** What the program is given; numbers become text. SAGA Arguments. Default: none. */
  arguments: attribute(readArguments),
  /**
   * Variables that the program sees, over those of the pilot. SAGA Environment. Default: none.
   */
  environment: attribute(readEnvironment),
  /**
   * Where the program runs: absolute, or relative to the pilot's own directory; it must exist.
   *
   * SAGA WorkingDirectory. Default: a sandbox, a new directory for this unit alone.
   */
  workingDirectory: attribute(readText),
  /**
   * The file that it reads as standard input: relative to the working directory, or the absolute
   * name of a file of the submitting machine, which is brought to a node that does not share it.
   *
   * SAGA Input. Default: nothing to read.
   */
  input: attribute(readText),
  /**
   * The file that its standard output goes to: relative to the working directory, or the absolute
   * name of a file of the submitting machine, where it is when the unit is over.
   *
   * SAGA Output. Default: discarded, unless somebody subscribes to `stdout$`.
   */
  output: attribute(readText),
  /**
   * The file that its standard error goes to, named like `output`.
   *
   * SAGA Error. Default: discarded but for its end, which is told when the unit fails.
   */
  error: attribute(readText),
  /**
   * Whether the sandbox is removed afterwards. SAGA Cleanup.
   *
   * Default: `'default'`, removed when there is nothing in it.
   */
  cleanup: attribute(readCleanup),
  /** What people call it; within one submit, others may depend on it by this name. */
  name: attribute(readText),
  /** The group that it belongs to, which can be waited for and canceled as one. */
  group: attribute(readText),
  /** What has to be over before it may start. Default: nothing. */
  dependsOn: attribute(normalizeDependencies),
  /** Higher starts first, where there is a choice; a whole number. Default: 0. */
  priority: attribute(readInteger).default(0),
  /** How often it is started again when it fails: a limit, or a limit with a delay. Default: 0. */
  retries: attribute(readRetries),
  /**
   * Whether it is started again when its pilot is lost while it runs. Default: true.
   *
   * Set it to false for what must not happen twice: the unit is then Failed, with PILOT_LOST.
   */
  restartOnPilotLoss: attribute(readFlag),
  /** The pilot that it must run on, by id or itself (early binding). Default: any with room. */
  pilotJob: attribute(readPilotId),
  /**
   * Not before this time: a Date, ISO 8601 with its offset, or seconds since the epoch.
   *
   * SAGA JobStartTime. Default: at once. Parsed: milliseconds since the epoch.
   */
  startTime: attribute(parseTimestamp),
  /**
   * How long it may run, in seconds or as `'1h30m'`; then it is terminated and Failed.
   *
   * SAGA WallTimeLimit. Default: no limit but the pilot's.
   */
  wallTimeLimit: attribute(readLimit),
  /**
   * How long it will probably run, in seconds or as `'1h30m'`: a hint, so that it is not started
   * on a pilot that ends before. Default: `totalCpuTime` over its cores, else `wallTimeLimit`.
   */
  estimatedRunTime: attribute(parseDuration),
  /**
   * How much processor time it will probably use, over all its cores: a hint, no limit.
   *
   * SAGA TotalCPUTime, in seconds or as `'1h30m'`. Default: unknown.
   */
  totalCpuTime: attribute(parseDuration),
  /** Between SIGTERM and SIGKILL when it is ended; seconds or `'1m'`. Default: 10 s. */
  maxCancellationTime: attribute(parseDuration).default(10),
  /**
   * How many cores it holds while it runs.
   *
   * SAGA TotalCPUCount. Default: `numberOfProcesses` times `threadsPerProcess`.
   */
  totalCpuCount: attribute(readCount),
  /**
   * How many instances of the program are started, numbered by PSTAR_RANK, all on one node. The unit ends
   * when all have: one that fails does not end the others.
   *
   * SAGA NumberOfProcesses. Default: 1.
   */
  numberOfProcesses: attribute(readCount),
  /** Must have room for all of them, for a unit runs on one node. SAGA ProcessesPerHost. */
  processesPerHost: attribute(readCount),
  /** How many threads each instance uses, told by OMP_NUM_THREADS. SAGA ThreadsPerProcess. Default: 1. */
  threadsPerProcess: attribute(readCount),
  /**
   * How much memory it holds while it runs: bytes, or `'4GiB'`. Counted, not enforced.
   *
   * SAGA TotalPhysicalMemory. Default: 0.
   */
  totalPhysicalMemory: attribute(parseSize),
  /** How many gpus it holds while it runs. Default: 0. */
  gpus: attribute(readAmount),
  /** How much it holds of what else its pilots count, by name: `{ licenses: 1 }`. Default: nothing. */
  resources: attribute(readResources),
  /** The hosts that it may run on, any one of them. SAGA CandidateHosts. Default: all. */
  candidateHosts: attribute(readTexts),
  /** The architectures that it can run on, in SAGA's words: `'x86_64'`. SAGA CPUArchitecture. Default: any. */
  cpuArchitecture: attribute(readOneOrMore),
  /** The systems that it can run on, in SAGA's words: `'LINUX'`. SAGA OperatingSystemType. Default: any. */
  operatingSystemType: attribute(readOneOrMore),
  /** `'None'` or `'OpenMP'`; others are refused. SAGA SPMDVariation. Default: `'None'`. */
  spmdVariation: attribute(readText),
  /** Only `false`: a unit has no terminal. SAGA Interactive. */
  interactive: attribute(readFlag),
  /** Refused: subscribe to `state$`. SAGA JobContact. */
  contact: attribute(readOneOrMore),
  /** Refused: only a pilot is charged. SAGA Project. */
  project: attribute(readText),
  /** Refused: only a pilot waits in a queue. SAGA Queue. */
  queue: attribute(readText),
  /**
   * Files that travel for it, or directories with all that is in them: brought before the start,
   * `'local > remote'`, or fetched after the end, `'local < remote'`; `>>` and `<<` append. Or
   * `{ source, target, direction: 'in' | 'out', append, optional }`. They travel over the pilot's own
   * connection wherever it runs, and the unit is Done when what is fetched is there.
   *
   * A local name is absolute, or relative to the directory that the program is in at `submit()`; a
   * remote one is absolute, or relative to the working directory. A target that is a directory, or
   * ends in `/`, receives the file under its own name. SAGA FileTransfer. Default: none.
   */
  fileTransfer: attribute((value: readonly FileTransferInput[]) => readFileTransfer(value)),
  /**
   * The module of a function that is called instead of a program: its URL, as `import.meta.url` has it,
   * or a TaskFunction's `module`. It travels by itself, with all that it imports. Attributes that are of
   * programs are then refused.
   */
  module: attribute(readModule),
  /** The name by which the module exports the function; a TaskFunction's `exportName`. */
  export: attribute(readText),
  /**
   * What the function is given, a list: `f(...args, context)`. Anything that can be structurally cloned;
   * a WorkUnit stands for its value, and is waited for as in `dependsOn`. Default: none.
   *
   * Not told again by a unit's description.
   */
  args: attribute(readArgs),
  /**
   * How its worker is kept apart from others: `'process'`, `'thread'`, or `'fresh'`, a process that
   * calls nothing else. Default: `'process'`.
   */
  isolation: attribute(readIsolation),
  /** Its worker is replaced after so many calls. Default: never. */
  recycleAfter: attribute(readCount),
  /** The call is ended when its worker has more memory: bytes, or `'4GiB'`. Default: no limit. */
  memoryLimit: attribute(parseSize),
  /**
   * How long its worker may take to load the module, and `init` of that, before the call; seconds, or
   * `'1h'`. Then the call fails with `init`. Default: 30 minutes.
   */
  initTimeLimit: attribute(readLimit),
};

const schema = z.strictObject(WORK_UNIT_ATTRIBUTES).check(({ value, issues }) => {
  for (const { attribute: name, problem, hint } of misplaced(value)) {
    issues.push({ code: 'custom', input: value, path: [name], message: problem, params: { hint } });
  }
});

/**
 * The schema of a work unit's description, and the type of what users write.
 *
 * Its `parse` throws DescriptionErrors; `safeParse` and the like are zod's own.
 */
export const WorkUnitDescription: z.ZodObject<typeof WORK_UNIT_ATTRIBUTES, z.core.$strict> =
  Object.assign(schema, {
    parse: (value: unknown) => parseWorkUnitDescription(value),
  });

/** What users write to describe a work unit. */
export type WorkUnitDescription = z.input<typeof WorkUnitDescription>;

/** A work unit's description as we keep it: seconds, bytes, milliseconds since the epoch, edges. */
export type ParsedWorkUnitDescription = Omit<
  Parsed<z.output<typeof WorkUnitDescription>>,
  'args'
> & {
  /** Empty where a function is called. */
  readonly executable: string;
  /** What is called; made of what the user wrote, and nothing that he writes. */
  readonly call?: CallCommand;
};

const REFUSALS: readonly Refusal<ParsedWorkUnitDescription>[] = [
  {
    attribute: 'interactive',
    problem: 'a work unit has no terminal',
    hint: 'give it a file as input, and read stdout$',
  },
  { attribute: 'contact', problem: 'nobody is notified', hint: 'subscribe to state$' },
  {
    attribute: 'project',
    problem: 'only a pilot is charged',
    hint: "name it in the pilot's description",
  },
  {
    attribute: 'queue',
    problem: 'only a pilot waits in a queue',
    hint: "name it in the pilot's description",
  },
  {
    attribute: 'processesPerHost',
    when: ({ processesPerHost = 1, numberOfProcesses = 1 }) => processesPerHost < numberOfProcesses,
    problem: 'all processes of a work unit run on one host',
    hint: 'leave it out, or submit a unit for each host',
  },
  {
    attribute: 'spmdVariation',
    when: ({ spmdVariation = 'None' }) => !['None', 'OpenMP'].includes(spmdVariation),
    problem: 'no such launcher is known',
    hint: "write 'None' and call the launcher in the executable: mpirun",
  },
];

/**
 * Checks what a user wrote and brings it into the form that we keep.
 *
 * @throws DescriptionError `DESCRIPTION_INVALID` or `ATTRIBUTE_UNSUPPORTED`; `subject` is the
 *   attribute.
 */
export function parseWorkUnitDescription(value: unknown): ParsedWorkUnitDescription {
  const description = parseWith(WorkUnitDescription, value) as ParsedWorkUnitDescription;
  refuseUnsupported(description, REFUSALS);
  refuseNoChoice(description);
  return description.module === undefined ? description : { ...description, executable: '' };
}

/** What the unit holds while it runs. */
export function requestOf(
  description: Pick<
    ParsedWorkUnitDescription,
    | 'totalCpuCount'
    | 'numberOfProcesses'
    | 'threadsPerProcess'
    | 'totalPhysicalMemory'
    | 'gpus'
    | 'resources'
  >,
): ResourceRequest {
  const { totalCpuCount, numberOfProcesses = 1, threadsPerProcess = 1 } = description;
  return {
    cores: totalCpuCount ?? numberOfProcesses * threadsPerProcess,
    memory: description.totalPhysicalMemory ?? 0,
    gpus: description.gpus ?? 0,
    resources: description.resources ?? {},
  };
}

/** How many seconds the unit will probably run, if its description tells. */
export function estimatedRunTimeOf(description: ParsedWorkUnitDescription): number | undefined {
  const { estimatedRunTime, totalCpuTime, wallTimeLimit } = description;
  if (estimatedRunTime !== undefined) return estimatedRunTime;
  if (totalCpuTime !== undefined) return totalCpuTime / requestOf(description).cores;
  return wallTimeLimit;
}
