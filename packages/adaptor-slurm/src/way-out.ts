/** What to change in a description, or elsewhere, that Slurm has refused. PURE. */
import { AdaptorError, type ParsedPilotJobDescription, type PilotError } from '@pstar/core/adaptor';
import type { Defaults, PlannedLaunch } from './plan.ts';
import { LESS } from './refusals.ts';
import { readNativeOptions } from './sbatch-options.ts';
import { OPTIONS } from './site.ts';
import type { SlurmPartition } from './transport.ts';

/** The option that an attribute becomes, and the variable of sbatch's that gives it as well. */
const OPTION_OF: Readonly<Record<string, readonly [option: string, variable: string]>> = {
  queue: ['partition', 'SBATCH_PARTITION'],
  project: ['account', 'SBATCH_ACCOUNT'],
  wallTimeLimit: ['time', 'SBATCH_TIMELIMIT'],
  'nativeOptions.qos': ['qos', 'SBATCH_QOS'],
};

/** The same error, with what the description and this cluster's partitions make clear of it. */
export function withWayOut(
  error: PilotError,
  { launch, options }: PlannedLaunch,
  defaults: Defaults,
  partitions: readonly SlurmPartition[],
): PilotError {
  const { code, problem, subject: attribute = '' } = error;
  const { description } = launch;
  if (error.hint === LESS) {
    const sizes = sizesOf(description);
    if (sizes === '') return error;
    const hint = `ask for less than ${sizes}, or name another queue`;
    return new AdaptorError(code, problem, { subject: attribute, hint, cause: error });
  }
  const subject = sourceOf(attribute, description, defaults);
  const hint = partitionHint(attribute, new Map(options).get('partition'), partitions);
  if (subject === attribute && hint === undefined) return error;
  return new AdaptorError(code, problem, { subject, hint: hint ?? error.hint, cause: error });
}

/** What a description says of its size. */
function sizesOf(description: ParsedPilotJobDescription): string {
  const { totalCpuCount, numberOfProcesses, threadsPerProcess, totalPhysicalMemory } = description;
  const sizes = {
    totalCpuCount,
    numberOfProcesses,
    threadsPerProcess,
    totalPhysicalMemory,
    'agent.gpus': description.agent?.gpus,
  };
  const native = readNativeOptions(description.nativeOptions).map(
    ([name, value]) => `nativeOptions: --${name}${value === true ? '' : `=${value}`}`,
  );
  return Object.entries(sizes)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}: ${value}`)
    .concat(native)
    .join(', ');
}

/** Where the value of an attribute has come from: not always from the description. */
function sourceOf(
  attribute: string,
  description: ParsedPilotJobDescription,
  { url, site }: Defaults,
): string {
  const [option, variable] = OPTION_OF[attribute] ?? [];
  if (option === undefined || variable === undefined) return attribute;
  const own = {
    ...description,
    'nativeOptions.qos': new Map(readNativeOptions(description.nativeOptions)).get('qos'),
  };
  if (own[attribute as keyof typeof own] !== undefined) return attribute;
  if (option in url) return `?${option}= in the URL`;
  return site.options.some(([name]) => name === option) ? OPTIONS : `${attribute}, or ${variable}`;
}

/** Which partitions there are, or what the one that is meant allows. */
function partitionHint(
  attribute: string,
  wanted: string | true | undefined,
  partitions: readonly SlurmPartition[],
): string | undefined {
  if (partitions.length === 0 || (attribute !== 'queue' && attribute !== 'wallTimeLimit')) {
    return undefined;
  }
  const meant = partitions.filter(({ name, isDefault }) =>
    wanted === undefined ? isDefault : name === wanted,
  );
  return attribute === 'queue' || meant.length === 0
    ? `there are ${partitions.map(({ name }) => name).join(', ')}`
    : meant.map(({ name, timeLimit }) => `${name} allows ${timeLimit}`).join(', ');
}
