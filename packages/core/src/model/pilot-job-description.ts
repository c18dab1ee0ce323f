/**
 * What a pilot job is described by: SAGA's job description in camelCase, and what an agent needs.
 *
 * Here only what no pilot can do is refused; what one resource manager cannot do its adaptor says.
 */
import { z } from 'zod';
import {
  readAmount,
  readCleanup,
  readCount,
  readEnvironment,
  readFlag,
  readLimit,
  readNativeOptions,
  readOneOrMore,
  readResources,
  readText,
  readTexts,
} from './attribute-readers.ts';
import { attribute, type Parsed, parseWith, withoutUndefined } from './description-schema.ts';
import { DescriptionError } from './errors.ts';
import { parseDuration, parseSize } from './quantity.ts';
import { type Refusal, refuseNoChoice, refuseUnsupported } from './refusals.ts';
import { parseTimestamp } from './timestamp.ts';
import { isVariableName } from './variable-name.ts';
import { written } from './written.ts';

/** What an agent does with a unit: starts its processes, or nothing at all. */
export type ExecutorKind = 'process' | 'null';

// Constants of their own with types of their own: only so do the comments reach the declarations.
/** Every attribute of a description's `agent`, with the schema that reads it. */
export const AGENT_ATTRIBUTES = {
  /**
   * How long the agent goes on without its manager before it ends its units and itself.
   *
   * Seconds or `'5m'`; must be longer than `heartbeat`. Default: 40 minutes.
   */
  lease: attribute(readLimit),
  /** How often agent and manager let each other know that they live; seconds or `'10s'`. Default: 5 seconds. */
  heartbeat: attribute(readLimit),
  /**
   * How long after its start the agent may take to report; then the pilot is Failed.
   *
   * Seconds or `'5m'`. Default: 5 minutes, `local://` 60 seconds.
   */
  registrationTimeout: attribute(readLimit),
  /** The path of Node.js on the node. Default: the adaptor's, else `node` in the node's PATH. */
  node: attribute(readText),
  /**
   * Whether this machine's Node.js is brought over and used, where the pilot runs on hosts that do not
   * see this machine's files and are of its kind. Default: false.
   */
  sendNode: attribute(readFlag),
  /** How many cores each agent gives to units. Default: those that it was given. */
  cores: attribute(readCount),
  /** How much memory each agent gives to units: bytes, or `'4GiB'`. Default: what it finds. */
  memory: attribute(parseSize),
  /** How many gpus each agent gives to units. Default: those that it finds. */
  gpus: attribute(readAmount),
  /** What else each agent has to give, by name: `{ licenses: 4 }`. Default: nothing. */
  resources: attribute(readResources),
  /** `'null'` starts no process and lets every unit succeed at once, for measuring. Default: `'process'`. */
  executor: attribute(readExecutor),
  /** The directory on the node for sandboxes, an absolute path. Default: below the pilot's working directory. */
  scratch: attribute(readText),
};

const agent: z.ZodObject<typeof AGENT_ATTRIBUTES, z.core.$strict> =
  z.strictObject(AGENT_ATTRIBUTES);

/** Every attribute of a pilot job's description, with the schema that reads it. */
export const PILOT_JOB_ATTRIBUTES = {
  /** What the resource manager's lists call it. Default: the pilot's id. */
  name: attribute(readText),
  /** How many cores it asks for in all. SAGA TotalCPUCount. Default: the resource manager's. */
  totalCpuCount: attribute(readCount),
  /** How many agents it asks to be started, one a node as a rule. SAGA NumberOfProcesses. Default: 1 a node. */
  numberOfProcesses: attribute(readCount),
  /** How many of them share a node. SAGA ProcessesPerHost. Default: 1. */
  processesPerHost: attribute(readCount),
  /** How many cores each of them gets. SAGA ThreadsPerProcess. Default: its share of `totalCpuCount`. */
  threadsPerProcess: attribute(readCount),
  /** How much memory it asks for on each node: bytes, or `'64GiB'`. SAGA TotalPhysicalMemory. Default: the resource manager's. */
  totalPhysicalMemory: attribute(parseSize),
  /**
   * How long it may run once it has started, in seconds or as `'1h30m'`; then it ends. Where the resource
   * manager kills at the limit, its units are ended some seconds before, so that they are handed back in time.
   *
   * SAGA WallTimeLimit. Default: the resource manager's, if it has one.
   */
  wallTimeLimit: attribute(readLimit),
  /** How much processor time it will use at most, over all its cores. SAGA TotalCPUTime, in seconds or as `'1h30m'`. */
  totalCpuTime: attribute(parseDuration),
  /** It ends by itself after this long without work; seconds or `'10m'`. Default: it stays. */
  idleTimeout: attribute(readLimit),
  /**
   * Not before this time: a Date, ISO 8601 with its offset, or seconds since the epoch.
   *
   * SAGA JobStartTime. Default: as soon as may be. Parsed: milliseconds since the epoch.
   */
  startTime: attribute(parseTimestamp),
  /** The queue or partition that it waits in. SAGA Queue. Default: the resource manager's. */
  queue: attribute(readText),
  /** Whom the resource manager charges for it. SAGA Project. Default: the resource manager's. */
  project: attribute(readText),
  /** Where the resource manager sends its notices: an address or several. SAGA JobContact. Default: nowhere. */
  contact: attribute(readOneOrMore),
  /** The hosts that it may run on. SAGA CandidateHosts. Default: all. */
  candidateHosts: attribute(readTexts),
  /** The architectures that it may run on. SAGA CPUArchitecture. Default: any. */
  cpuArchitecture: attribute(readOneOrMore),
  /** The systems that it may run on. SAGA OperatingSystemType. Default: any. */
  operatingSystemType: attribute(readOneOrMore),
  /** Variables that the agent and all its units see. SAGA Environment. Default: none. */
  environment: attribute(readEnvironment),
  /** Where the agent runs, an absolute path, and what units' relative directories are relative to. SAGA WorkingDirectory. */
  workingDirectory: attribute(readText),
  /** The file that the agent's standard output goes to. SAGA Output. Default: one in the pilot's directory. */
  output: attribute(readText),
  /** The file that the agent's standard error goes to. SAGA Error. Default: one in the pilot's directory. */
  error: attribute(readText),
  /** Whether the pilot's own directory is removed afterwards. SAGA Cleanup. Default: `'default'`, when it is empty. */
  cleanup: attribute(readCleanup),
  /** Options for the resource manager's own command, `{ constraint: 'haswell' }` or as they stand. Default: none. */
  nativeOptions: attribute(readNativeOptions),
  /** Shell commands to run on the node before the agent: `['module load nodejs']`. Default: none. */
  initCommands: attribute(readTexts),
  /** What only the agent cares about. */
  agent: agent.optional(),
  /** Refused: a pilot starts an agent. SAGA Executable. */
  executable: attribute(readText),
  /** Refused: a pilot starts an agent. SAGA Arguments. */
  arguments: attribute((values: readonly (string | number)[]) => values),
  /** Refused: an agent reads nothing. SAGA Input. */
  input: attribute(readText),
  /** Only `false`. SAGA Interactive. */
  interactive: attribute(readFlag),
  /** Refused: files travel for units. SAGA FileTransfer. */
  fileTransfer: attribute((value: readonly unknown[]) => value),
  /** Refused: the adaptor knows how its agents are started. SAGA SPMDVariation. */
  spmdVariation: attribute(readText),
  /** Refused for now: the fewest pilots of this kind. */
  minPilots: attribute(readAmount),
  /** Refused for now: the most pilots of this kind. */
  maxPilots: attribute(readCount),
};

/**
 * The schema of a pilot job's description, and the type of what users write.
 *
 * Its `parse` throws DescriptionErrors; `safeParse` and the like are zod's own.
 */
export const PilotJobDescription: z.ZodObject<typeof PILOT_JOB_ATTRIBUTES, z.core.$strict> =
  Object.assign(z.strictObject(PILOT_JOB_ATTRIBUTES), {
    parse: (value: unknown) => parsePilotJobDescription(value),
  });

/** What users write to describe a pilot job. */
export type PilotJobDescription = z.input<typeof PilotJobDescription>;

/** What of a parsed description only the agent cares about. */
export type ParsedAgentOptions = Parsed<z.output<z.ZodObject<typeof AGENT_ATTRIBUTES>>>;

/** A pilot job's description as we keep it: seconds, bytes, milliseconds since the epoch. */
export type ParsedPilotJobDescription = Parsed<
  Omit<z.output<typeof PilotJobDescription>, 'agent'>
> & {
  readonly agent?: ParsedAgentOptions;
};

const NOT_A_PROGRAM = {
  problem: 'a pilot job starts an agent and nothing else',
  hint: 'submit it as a work unit',
};
const NO_ELASTICITY = {
  problem: 'pilots do not come and go by themselves yet',
  hint: 'create as many as are wanted, with an idleTimeout',
};

const REFUSALS: readonly Refusal<ParsedPilotJobDescription>[] = [
  { attribute: 'executable', ...NOT_A_PROGRAM },
  { attribute: 'arguments', ...NOT_A_PROGRAM },
  { attribute: 'input', ...NOT_A_PROGRAM },
  { attribute: 'interactive', ...NOT_A_PROGRAM },
  {
    attribute: 'fileTransfer',
    problem: 'files travel for work units, not for a pilot job',
    hint: "write it in the units' descriptions: fileTransfer: ['local > remote']",
  },
  {
    attribute: 'spmdVariation',
    problem: 'the adaptor knows how its agents are started',
    hint: 'leave it out',
  },
  { attribute: 'minPilots', ...NO_ELASTICITY },
  { attribute: 'maxPilots', ...NO_ELASTICITY },
];

/**
 * Checks what a user wrote and brings it into the form that we keep.
 *
 * @throws DescriptionError `DESCRIPTION_INVALID` or `ATTRIBUTE_UNSUPPORTED`; `subject` is the
 *   attribute.
 */
export function parsePilotJobDescription(value: unknown): ParsedPilotJobDescription {
  const description = parse(value);
  refuseUnsupported(description, REFUSALS);
  refuseNoChoice(description);
  refuseShortLease(description.agent);
  refuseStrangeNames(description);
  refuseStrangePaths(description);
  return description;
}

/**
 * Brings what was accepted once into the form that we keep, also if it would be refused today: an
 * attribute that no schema reads any more is left out.
 */
export function readPilotJobDescription(value: unknown): ParsedPilotJobDescription {
  try {
    return parse(value);
  } catch (error) {
    const subject = error instanceof DescriptionError ? error.subject : undefined;
    const rest = subject === undefined ? undefined : without(value, subject.split('.'));
    if (rest === undefined) throw error;
    return readPilotJobDescription(rest);
  }
}

/** Undefined if it is not there. */
function without(value: unknown, [name = '', ...inner]: readonly string[]): object | undefined {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  const { [name]: found, ...others } = value as Record<string, unknown>;
  const rest = without(found, inner);
  return rest === undefined ? others : { ...others, [name]: rest };
}

function parse(value: unknown): ParsedPilotJobDescription {
  const description = parseWith(PilotJobDescription, value) as ParsedPilotJobDescription;
  if (!description.agent) return description;
  return { ...description, agent: withoutUndefined(description.agent) };
}

/** Shells, which start agents, know no others, and would run what they hold. */
function refuseStrangeNames({ environment = {} }: ParsedPilotJobDescription): void {
  const strange = Object.keys(environment).find((name) => !isVariableName(name));
  if (strange === undefined) return;
  throw invalid(
    'environment',
    `${written(strange)} is no name of a variable of a shell`,
    "write letters, digits and '_' with no digit first, or give it to the units",
  );
}

/** What stands for a file or a directory must be one on every host, and in every script. */
function refuseStrangePaths(description: ParsedPilotJobDescription): void {
  const { workingDirectory, output, error, agent } = description;
  const directories = { workingDirectory, 'agent.scratch': agent?.scratch };
  const files = { output, error };
  for (const [subject, path] of Object.entries({ ...directories, ...files })) {
    if (path?.includes('\n')) {
      throw invalid(subject, `${written(path)} holds a line break`, 'take it out');
    }
  }
  for (const [subject, path] of Object.entries(directories)) {
    if (path === undefined || path.startsWith('/')) continue;
    throw invalid(
      subject,
      `${written(path)} is relative, and there is nothing that it could be to`,
      'write it from / on',
    );
  }
  for (const [subject, path] of Object.entries(files)) {
    if (path === undefined || !/(^|\/)\.{0,2}$/.test(path)) continue;
    throw invalid(subject, `${written(path)} is a directory`, 'write the path of a file');
  }
}

function invalid(subject: string, problem: string, hint: string): DescriptionError {
  return new DescriptionError('DESCRIPTION_INVALID', problem, { subject, hint });
}

function refuseShortLease({ lease, heartbeat }: ParsedAgentOptions = {}): void {
  if (lease === undefined || heartbeat === undefined || lease > heartbeat) return;
  throw new DescriptionError('DESCRIPTION_INVALID', `${lease} s is no longer than a heartbeat`, {
    subject: 'agent.lease',
    hint: `write a few times agent.heartbeat, which is ${heartbeat} s`,
  });
}

function readExecutor(value: ExecutorKind): ExecutorKind {
  if (value === 'process' || value === 'null') return value;
  throw new DescriptionError('DESCRIPTION_INVALID', `${written(value)} is no executor`, {
    hint: "write 'process' or 'null'",
  });
}
