/** What becomes of a launch, or of several that differ in nothing but their own files. PURE. */
import { isAbsolute, join } from 'node:path/posix';
import type { AgentLaunch } from '@pstar/core/adaptor';
import { descriptionOptions } from './attributes.ts';
import { candidateOptions } from './candidates.ts';
import { GEOMETRY_OPTIONS, mayHaveSeveralNodes } from './geometry.ts';
import { jobName } from './names.ts';
import { mergeOptions } from './sbatch-options.ts';
import { batchScript } from './script.ts';
import type { SiteDefaults } from './site.ts';
import type { SbatchOption, SlurmJob, SlurmNode } from './transport.ts';
import type { SlurmOptions } from './url.ts';

/** What holds of all launches of a connection. */
export interface Defaults {
  readonly url: SlurmOptions;
  readonly site: SiteDefaults;
}

/** A launch with the options that its description, the URL and the site give. */
export interface PlannedLaunch {
  readonly launch: AgentLaunch;
  readonly options: readonly SbatchOption[];
  readonly initCommands: readonly string[];
}

/**
 * Finds the options of a launch: the site's, then the URL's, then the description's.
 *
 * @param nodes all of the cluster, where the description is about them
 * @throws PilotError `DESCRIPTION_INVALID`, `ATTRIBUTE_UNSUPPORTED`
 */
export function planLaunch(
  launch: AgentLaunch,
  { url, site }: Defaults,
  nodes: readonly SlurmNode[],
): PlannedLaunch {
  const own = [
    ...descriptionOptions(launch.description),
    ...candidateOptions(launch.description, nodes),
  ];
  // A description that says how many says so alone: the site's numbers would be about others.
  const counts = own.some(([name]) => GEOMETRY_OPTIONS.includes(name));
  const siteOptions = site.options.filter(([name]) => !(counts && GEOMETRY_OPTIONS.includes(name)));
  const options = mergeOptions(siteOptions, urlOptions(url), own);
  return {
    launch,
    options: mayHaveSeveralNodes(options) ? mergeOptions(options, [['no-kill', true]]) : options,
    initCommands: site.initCommands,
  };
}

/** Whether it may be an element of an array, whose outputs Slurm names by a replacement. */
export function mayBeOfArray({ launch }: PlannedLaunch): boolean {
  return launch.description.error === undefined && !hasEscapes(launch.directory);
}

/** Equal for launches that can be elements of one array. */
export function bundleKey({ launch, options }: PlannedLaunch): string {
  const { description, environment, command, settingsFile } = launch;
  const { PSTAR_PILOT_ID: _, ...variables } = environment;
  const words = command.map((word) => (word === settingsFile ? '' : word));
  const { name, error, initCommands } = description;
  return JSON.stringify([options, variables, words, name, error, initCommands]);
}

/** The job of one launch. */
export function singleJob({ launch, options, initCommands }: PlannedLaunch): SlurmJob {
  const { description, directory, logFile } = launch;
  const name = jobName(launch.name, description.name);
  const all = mergeOptions(options, [
    ['job-name', name],
    ...placeOptions(description.workingDirectory ?? directory, literally(logFile)),
    ...errorOption(launch),
  ]);
  return {
    name,
    options: all,
    script: batchScript({ options: all, launches: [launch], initCommands }),
  };
}

/** The name of an array of these. */
export function arrayName(planned: readonly PlannedLaunch[]): string {
  const [{ launch }] = planned as readonly [PlannedLaunch];
  return `${jobName(launch.name, launch.description.name)}+${planned.length - 1}`;
}

/**
 * The array of several launches, in their order.
 *
 * @param directory has a file for the output of each, by its index
 */
export function arrayJob(planned: readonly PlannedLaunch[], directory: string): SlurmJob {
  const [{ launch, options, initCommands }] = planned as readonly [PlannedLaunch];
  const name = arrayName(planned);
  const place = launch.description.workingDirectory ?? directory;
  const all = mergeOptions(options, [
    ['job-name', name],
    ['array', `0-${planned.length - 1}`],
    ...placeOptions(place, `${literally(directory)}/%a.log`),
  ]);
  const launches = planned.map((each) => each.launch);
  return { name, options: all, script: batchScript({ options: all, launches, initCommands }) };
}

function urlOptions({ partition, account, qos }: SlurmOptions): readonly SbatchOption[] {
  const named = { partition, account, qos };
  return Object.entries(named).filter((entry): entry is [string, string] => entry[1] !== undefined);
}

/** `append`, because a job that is requeued writes to the same file again. */
function placeOptions(directory: string, output: string): readonly SbatchOption[] {
  return [
    ['chdir', directory],
    ['output', output],
    ['open-mode', 'append'],
  ];
}

/** Only those have it that are not of an array. */
function errorOption(launch: AgentLaunch): readonly SbatchOption[] {
  const file = errorFile(launch);
  return file === undefined ? [] : [['error', literally(file)]];
}

/** The file of `error`. */
export function errorFile({ description: { error }, directory }: AgentLaunch): string | undefined {
  return error === undefined || isAbsolute(error) ? error : join(directory, error);
}

/**
 * Slurm replaces `%j` and the like in the names of files. In one that has a backslash it replaces nothing, and takes
 * each backslash for an escape (22.05).
 */
function literally(path: string): string {
  return hasEscapes(path) ? path.replaceAll('\\', '\\\\') : path.replaceAll('%', '%%');
}

function hasEscapes(path: string): boolean {
  return path.includes('\\');
}
