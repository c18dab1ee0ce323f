/** What each attribute of a pilot becomes in a job template of DRMAA 2. PURE. */
import type { ParsedPilotJobDescription } from '@pstar/core/adaptor';
import type { Drmaa2CpuArchitecture, Drmaa2OperatingSystem } from '../drmaa2/constants.ts';
import type { Drmaa2JobTemplate } from '../drmaa2/types.ts';
import { type AttributeRules, refuseAttributes, SHARED_RULES } from './dialects/dialect.ts';
import { coresOfOneNode } from './geometry.ts';
import { invalid, refuseGpus } from './problems.ts';

const TITLE = 'DRMAA 2';

/** Every attribute that there is. */
export const DRMAA2_RULES: AttributeRules = {
  name: { becomes: '`jobName`, with the id of the pilot behind it' },
  totalCpuCount: { becomes: '`minSlots` and `maxSlots`, of one machine' },
  numberOfProcesses: { becomes: 'only `1`: the standard starts a native job on one machine' },
  processesPerHost: { becomes: 'only `1`: an agent serves all that the pilot has of a node' },
  threadsPerProcess: { becomes: 'as `totalCpuCount`: there is one agent' },
  totalPhysicalMemory: { becomes: '`minPhysMemory`, in whole KiB' },
  wallTimeLimit: {
    becomes: '`resourceLimits.WALLCLOCK_TIME`, in whole minutes; agents end a little before it',
  },
  totalCpuTime: {
    becomes: 'refused: agents cannot see it coming; write `wallTimeLimit`',
    refused: true,
  },
  startTime: { becomes: '`startTime`' },
  queue: { becomes: '`queueName`' },
  project: { becomes: '`accountingId`' },
  contact: { becomes: '`email` with `emailOnStarted` and `emailOnTerminated`' },
  candidateHosts: { becomes: '`candidateMachines`' },
  cpuArchitecture: { becomes: '`machineArch`' },
  operatingSystemType: { becomes: '`machineOS`' },
  workingDirectory: { becomes: '`workingDirectory`' },
  output: { becomes: 'appended to by the script' },
  error: { becomes: 'appended to by the script; without it, errors go to `output`' },
  nativeOptions: {
    becomes: 'other members of the template by their names, and what the implementation adds',
  },
  agent: {
    becomes:
      'for the agent; `agent.gpus` is refused: write `nativeOptions`, and `initCommands` that set `PSTAR_NODE_GPUS`',
  },
  spmdVariation: { becomes: 'refused: there is one agent; leave it out', refused: true },
  ...SHARED_RULES,
};

/** SAGA's words. */
const MACHINES: Readonly<Record<string, Drmaa2CpuArchitecture>> = {
  x86_64: 'X64',
  amd64: 'X64',
  x86_32: 'X86',
  i386: 'X86',
  aarch64: 'ARM64',
  arm64: 'ARM64',
  arm: 'ARM',
  powerpc: 'PPC64',
  ppc64: 'PPC64',
  ia64: 'IA64',
  sparc: 'SPARC64',
};
const SYSTEMS: Readonly<Record<string, Drmaa2OperatingSystem>> = {
  linux: 'LINUX',
  aix: 'AIX',
  hpux: 'HPUX',
  macos: 'MACOS',
  solaris: 'SUNOS',
  sunos: 'SUNOS',
};

/** What the standard has besides, and how it is read. */
const MEMBERS: Readonly<Record<string, (text: string) => unknown>> = {
  jobCategory: String,
  reservationId: String,
  priority: Number,
  rerunnable: (text) => text === 'true',
  submitAsHold: (text) => text === 'true',
};

/**
 * The template of a description; what is about the launch is not in it.
 *
 * @throws PilotError `DESCRIPTION_INVALID`, `ATTRIBUTE_UNSUPPORTED`
 */
export function templateOf(description: ParsedPilotJobDescription): Drmaa2JobTemplate {
  refuseAttributes(description, DRMAA2_RULES, TITLE);
  refuseGpus(description.agent?.gpus, TITLE);
  const cores = coresOfOneNode(description, TITLE);
  const { contact, candidateHosts, totalPhysicalMemory, wallTimeLimit, startTime } = description;
  const { queue, project, cpuArchitecture, operatingSystemType } = description;
  const machineArch = oneOf('cpuArchitecture', cpuArchitecture, MACHINES);
  const machineOS = oneOf('operatingSystemType', operatingSystemType, SYSTEMS);
  return {
    ...(cores > 1 && { minSlots: cores, maxSlots: cores }),
    ...(totalPhysicalMemory !== undefined && {
      minPhysMemory: Math.ceil(totalPhysicalMemory / 1024),
    }),
    ...(wallTimeLimit !== undefined && {
      resourceLimits: { WALLCLOCK_TIME: 60 * Math.ceil(wallTimeLimit / 60) },
    }),
    ...(startTime !== undefined && { startTime: new Date(startTime) }),
    ...(queue !== undefined && { queueName: queue }),
    ...(project !== undefined && { accountingId: project }),
    ...(contact !== undefined && {
      email: [contact].flat(),
      emailOnStarted: true,
      emailOnTerminated: true,
    }),
    ...(candidateHosts !== undefined && { candidateMachines: candidateHosts }),
    ...(machineArch !== undefined && { machineArch }),
    ...(machineOS !== undefined && { machineOS }),
    ...nativeMembers(description),
  };
}

/** The members as lines, for people. */
export function templateLines(template: Drmaa2JobTemplate): readonly string[] {
  return Object.entries(template).map(([name, value]) => `# ${name}: ${JSON.stringify(value)}`);
}

function nativeMembers({ nativeOptions = {} }: ParsedPilotJobDescription): Drmaa2JobTemplate {
  if (Array.isArray(nativeOptions)) {
    const hint = "write an object: { jobCategory: 'gpu' }";
    throw invalid('nativeOptions', 'DRMAA 2 has members, and no words', hint);
  }
  const members: Record<string, unknown> = {};
  const specific: Record<string, string> = {};
  for (const [name, value] of Object.entries(nativeOptions)) {
    const read = MEMBERS[name];
    if (read === undefined) specific[name] = String(value);
    else members[name] = read(String(value));
  }
  const isSpecific = Object.keys(specific).length > 0;
  return { ...members, ...(isSpecific && { implementationSpecific: specific }) };
}

/** A template has one of these. */
function oneOf<T>(
  attribute: string,
  value: string | readonly string[] | undefined,
  words: Readonly<Record<string, T>>,
): T | undefined {
  if (value === undefined) return undefined;
  const found = [...new Set([value].flat().map((each) => words[each.toLowerCase()]))];
  const [only] = found;
  if (found.length === 1 && only !== undefined) return only;
  const problem = `${JSON.stringify(value)} is not one that DRMAA 2 has a word for`;
  throw invalid(attribute, problem, `write one of ${Object.keys(words).join(', ')}`);
}
