/** What each attribute of a pilot becomes. PURE. */
import {
  CORE_PILOT_ATTRIBUTES,
  type ParsedPilotJobDescription,
  type PilotAttribute,
  PilotError,
} from '@pstar/core/adaptor';
import { geometryOptions } from './geometry.ts';
import { readNativeOptions } from './sbatch-options.ts';
import type { SbatchOption } from './transport.ts';

/** What becomes of an attribute. */
export interface AttributeRule {
  /** `--partition`, or what is done instead, for people. */
  readonly becomes: string;
  /** Not honoured: `becomes` says why not, and what to write instead. */
  readonly refused?: true;
  /** The options that it gives by itself; others are given by several attributes together. */
  readonly options?: (description: ParsedPilotJobDescription) => readonly SbatchOption[];
}

const NO_PROGRAM = 'refused: a pilot runs an agent; submit programs as work units';

/** Every attribute that there is. */
export const ATTRIBUTE_RULES: Readonly<Record<PilotAttribute, AttributeRule>> = {
  name: { becomes: '`--job-name`, with the id of the pilot behind it' },
  totalCpuCount: {
    becomes:
      '`--ntasks`, wherever so many cores are free; with `numberOfProcesses` shared by its nodes',
  },
  numberOfProcesses: { becomes: '`--nodes` with `--ntasks-per-node=1`: an agent on each' },
  processesPerHost: { becomes: 'only `1`: an agent serves all that the pilot has of a node' },
  threadsPerProcess: { becomes: '`--cpus-per-task`, each on a node of its own' },
  totalPhysicalMemory: {
    becomes: '`--mem`, on each node, in whole MiB',
    options: ({ totalPhysicalMemory: bytes }) => given('mem', bytes, (n) => `${mebibytes(n)}M`),
  },
  wallTimeLimit: {
    becomes: '`--time`, in whole minutes; agents end a little before it',
    options: ({ wallTimeLimit }) => [
      ...given('time', wallTimeLimit, (seconds) => String(minutes(seconds))),
      ...earlySignal(wallTimeLimit),
    ],
  },
  totalCpuTime: {
    becomes: 'refused: Slurm limits the time by the clock; write `wallTimeLimit`',
    refused: true,
  },
  idleTimeout: { becomes: 'kept by the agent, which then ends the job' },
  startTime: {
    becomes: '`--begin`',
    // Seconds since the epoch: whatever time zone the controller has.
    options: ({ startTime }) => given('begin', startTime, (ms) => `uts${Math.ceil(ms / 1000)}`),
  },
  queue: { becomes: '`--partition`', options: ({ queue }) => given('partition', queue) },
  project: { becomes: '`--account`', options: ({ project }) => given('account', project) },
  contact: {
    becomes: '`--mail-user` with `--mail-type=ALL`',
    options: ({ contact }) =>
      contact === undefined
        ? []
        : [
            ['mail-user', [contact].flat().join(',')],
            ['mail-type', 'ALL'],
          ],
  },
  candidateHosts: {
    becomes: '`--exclude` of all other nodes; `--nodelist` when it is all of these',
  },
  cpuArchitecture: { becomes: '`--exclude` of the nodes that have another' },
  operatingSystemType: { becomes: '`--exclude` of the nodes that have another' },
  environment: { becomes: 'exported by the script, before `initCommands`' },
  workingDirectory: { becomes: '`--chdir`' },
  output: { becomes: '`--output` with `--open-mode=append`' },
  error: { becomes: '`--error`; without it, errors go to `output`' },
  cleanup: { becomes: 'done by pstar: it is about its own files' },
  nativeOptions: {
    becomes: 'as they stand, after a look at those that are ours',
    options: ({ nativeOptions }) => readNativeOptions(nativeOptions),
  },
  initCommands: { becomes: 'run by the script on each node, before the agent' },
  agent: { becomes: '`agent.gpus`: `--gres=gpu:…` on each node; all else is for the agent' },
  executable: { becomes: NO_PROGRAM, refused: true },
  arguments: { becomes: NO_PROGRAM, refused: true },
  input: { becomes: NO_PROGRAM, refused: true },
  interactive: { becomes: NO_PROGRAM, refused: true },
  fileTransfer: { becomes: NO_PROGRAM, refused: true },
  spmdVariation: { becomes: 'refused: `srun` starts the agents', refused: true },
  minPilots: { becomes: 'refused: pilots do not come and go by themselves', refused: true },
  maxPilots: { becomes: 'refused: pilots do not come and go by themselves', refused: true },
};

/** What the adaptor honours beyond what the core does for every pilot. */
export const HONOURED = Object.entries(ATTRIBUTE_RULES)
  .filter(([name, { refused }]) => !refused && !isOfTheCore(name as PilotAttribute))
  .map(([name]) => name as PilotAttribute)
  // The core keeps it too, and asks whether Slurm does.
  .concat('wallTimeLimit');

/**
 * The options of sbatch that a description asks for, but for those that depend on the nodes there are.
 *
 * @throws PilotError `DESCRIPTION_INVALID`, `ATTRIBUTE_UNSUPPORTED`
 */
export function descriptionOptions(
  description: ParsedPilotJobDescription,
): readonly SbatchOption[] {
  const options = [
    ...geometryOptions(description),
    ...gpuOptions(description),
    ...Object.values(ATTRIBUTE_RULES).flatMap((rule) => rule.options?.(description) ?? []),
  ];
  refuseTwice(description);
  return options;
}

/** sbatch has several ways to ask for these, and to ask for them twice is to say two things. */
function refuseTwice(description: ParsedPilotJobDescription): void {
  const native = readNativeOptions(description.nativeOptions).map(([name]) => name);
  const rivals: readonly [given: unknown, attribute: string, options: RegExp][] = [
    [description.agent?.gpus, 'agent.gpus', /^(gres|gpus(-per-\w+)?)$/],
    [description.totalPhysicalMemory, 'totalPhysicalMemory', /^mem-per-/],
    [
      description.candidateHosts ?? description.cpuArchitecture ?? description.operatingSystemType,
      'candidateHosts',
      /^(nodelist|exclude)$/,
    ],
  ];
  for (const [given_, attribute, options] of rivals) {
    const rival = native.find((name) => options.test(name));
    if (given_ === undefined || rival === undefined) continue;
    throw new PilotError('DESCRIPTION_INVALID', `--${rival} and ${attribute} say the same thing`, {
      subject: 'nativeOptions',
      hint: 'leave one of them out',
    });
  }
}

function gpuOptions({ agent }: ParsedPilotJobDescription): readonly SbatchOption[] {
  return agent?.gpus ? [['gres', `gpu:${agent.gpus}`]] : [];
}

/**
 * Has Slurm tell agents a minute before the end by its own clock. It may do so up to a minute early,
 * so that a short pilot would hear it at its beginning: those are told at their end, and have what
 * Slurm then leaves them (KillWait, 30 s by default).
 */
function earlySignal(wallTimeLimit: number | undefined): readonly SbatchOption[] {
  const isShort = wallTimeLimit !== undefined && wallTimeLimit < SHORT_S;
  return isShort ? [] : [['signal', 'TERM@60']];
}

const SHORT_S = 600;

function given<T extends string | number>(
  name: string,
  value: T | undefined,
  write: (value: T) => string = String,
): readonly SbatchOption[] {
  return value === undefined ? [] : [[name, write(value)]];
}

function minutes(seconds: number): number {
  const whole = Math.ceil(seconds / 60);
  if (whole <= MINUTES_MAX) return whole;
  throw new PilotError('DESCRIPTION_INVALID', `Slurm has no time limits over ${LIMIT_MAX}`, {
    subject: 'wallTimeLimit',
    hint: 'give it a shorter one, or leave it out: then the default of its queue holds',
  });
}

/** sbatch counts in seconds, with 31 bits, and rounds up: more becomes another limit without a word (22.05). */
const MINUTES_MAX = Math.floor((2 ** 31 - 1) / 60) - 1;
const LIMIT_MAX = `${Math.floor(MINUTES_MAX / 1440)} days`;

function mebibytes(bytes: number): number {
  return Math.ceil(bytes / 2 ** 20);
}

function isOfTheCore(name: PilotAttribute): boolean {
  return CORE_PILOT_ATTRIBUTES.includes(name);
}
