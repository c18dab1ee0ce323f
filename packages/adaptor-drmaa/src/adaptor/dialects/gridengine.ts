/** Grid Engine's options, which are those of qsub. PURE. */
import type { ParsedPilotJobDescription } from '@pstar/core/adaptor';
import { dashed } from '../native-options.ts';
import { invalid } from '../problems.ts';
import { type AttributeRules, type Dialect, given, SHARED_RULES } from './dialect.ts';

/** Resources of a site's own names. */
export interface GridEngineResources {
  readonly memory?: string | undefined;
  readonly gpus?: string | undefined;
}

/** Grid Engine, with a site's names for memory and gpus. */
export function gridEngine({ memory = 'mem_free', gpus = 'gpu' }: GridEngineResources): Dialect {
  return {
    name: 'gridengine',
    title: 'Grid Engine',
    rules: rulesOf(memory, gpus),
    options: OPTIONS,
    directive: '#$ ',
    unwritable: /[\r\n]|'.*"|".*'/,
    quote,
    nodeLines: NODE_LINES,
    ownId: '$JOB_ID',
  };
}

/** Its parser knows both kinds of quotes, and no backslash: within the one it takes the other as it is. */
function quote(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  return word.includes("'") ? `"${word}"` : `'${word}'`;
}

/** Agents on other hosts of a parallel environment are told of theirs by their arguments. */
const NODE_LINES = `export PSTAR_NODE_NAME="\${2:-\${HOSTNAME:-$(hostname)}}"
export PSTAR_NODE_CORES="\${3:-\${NSLOTS:-1}}"
`;

/** What says the same as an option of qsub, and better; with the others the script would not be ours. */
const OPTIONS = dashed(
  {
    N: 'name',
    a: 'startTime',
    M: 'contact',
    m: 'contact',
    q: 'queue',
    P: 'project',
    o: 'output',
    e: 'error',
    wd: 'workingDirectory',
    cwd: 'workingDirectory',
    pe: "{ pe: 'its name' }, without a number",
    S: '',
    b: '',
    clear: '',
    help: '',
    i: '',
    inherit: '',
    j: '',
    notify: '',
    now: '',
    shell: '',
    sync: '',
    t: '',
    tc: '',
    terse: '',
    verify: '',
  },
  { w: /^[vp]$/ },
);

function rulesOf(memory: string, gpus: string): AttributeRules {
  return {
    name: { becomes: '`-N`, with the id of the pilot behind it' },
    totalCpuCount: {
      becomes: '`-pe`, as many slots of a parallel environment; nothing for one core',
    },
    numberOfProcesses: {
      becomes:
        'the slots of a parallel environment that gives each host so many; `qrsh -inherit` starts an agent on each',
    },
    processesPerHost: { becomes: 'only `1`: an agent serves all that the pilot has of a node' },
    threadsPerProcess: { becomes: 'the `allocation_rule` that the parallel environment must have' },
    totalPhysicalMemory: {
      becomes: `\`-l ${memory}\`, on each host; see \`memory=\` below`,
      words: (
        { totalPhysicalMemory: bytes }, // DRMAA has it verified (`-w e`) on hosts without any load, which so have no free memory.
      ) => given(bytes, (n) => ['-l', `${memory}=${n}`, '-w', 'n']),
    },
    wallTimeLimit: {
      becomes: '`-l h_rt`, in whole minutes; agents end a little before it',
      words: ({ wallTimeLimit }) =>
        given(wallTimeLimit, (seconds) => ['-l', `h_rt=${60 * Math.ceil(seconds / 60)}`]),
    },
    totalCpuTime: {
      becomes:
        "refused: `h_cpu` counts for each slot; write `wallTimeLimit`, or `nativeOptions: { l: 'h_cpu=…' }`",
      refused: true,
    },
    startTime: {
      becomes: '`-a`',
      words: ({ startTime }) => given(startTime, (ms) => ['-a', dateTime(ms)]),
    },
    queue: { becomes: '`-q`', words: ({ queue }) => given(queue, (name) => ['-q', name]) },
    project: { becomes: '`-P`', words: ({ project }) => given(project, (name) => ['-P', name]) },
    contact: {
      becomes: '`-M` with `-m abes`',
      words: ({ contact }) => given(contact, (to) => ['-M', [to].flat().join(','), '-m', 'abes']),
    },
    candidateHosts: {
      becomes: '`-l hostname`',
      words: ({ candidateHosts }) =>
        given(candidateHosts, (hosts) => ['-l', `hostname=${oneOf('candidateHosts', hosts)}`]),
    },
    cpuArchitecture: { becomes: '`-l arch`, by its second half', words: archWords },
    operatingSystemType: { becomes: '`-l arch`, by its first half' },
    workingDirectory: { becomes: '`-wd`' },
    output: {
      becomes: 'appended to by the script; what comes before it goes there by `-o` and `-j yes`',
    },
    error: { becomes: 'appended to by the script; without it, errors go to `output`' },
    nativeOptions: { becomes: 'as they stand, after a look at those that are ours' },
    agent: {
      becomes: `\`agent.gpus\`: \`-l ${gpus}\`, see \`gpus=\` below; all else is for the agent`,
      words: ({ agent }) => (agent?.gpus ? ['-l', `${gpus}=${agent.gpus}`] : []),
    },
    spmdVariation: {
      becomes: 'refused: `qrsh -inherit` starts the agents; leave it out',
      refused: true,
    },
    ...SHARED_RULES,
  };
}

/** `[[CC]YY]MMDDhhmm.SS` of this machine's time zone, as qsub reads it; never before its time. */
function dateTime(ms: number): string {
  const date = new Date(1000 * Math.ceil(ms / 1000));
  const two = (n: number) => String(n).padStart(2, '0');
  const day = `${date.getFullYear()}${two(date.getMonth() + 1)}${two(date.getDate())}`;
  return `${day}${two(date.getHours())}${two(date.getMinutes())}.${two(date.getSeconds())}`;
}

/** SAGA's words, as Grid Engine has them in `lx-amd64`. */
const MACHINES: Readonly<Record<string, string>> = {
  x86_64: 'amd64',
  amd64: 'amd64',
  x86_32: 'x86',
  i386: 'x86',
  i686: 'x86',
  aarch64: 'arm64',
  arm64: 'arm64',
};
const SYSTEMS: Readonly<Record<string, string>> = { linux: 'lx', solaris: 'sol', macos: 'darwin' };

function archWords(description: ParsedPilotJobDescription): readonly string[] {
  const { cpuArchitecture, operatingSystemType } = description;
  if (cpuArchitecture === undefined && operatingSystemType === undefined) return [];
  const words = (value: string | readonly string[] | undefined, known: typeof MACHINES) =>
    value === undefined
      ? ['']
      : [value].flat().map((each) => known[each.toLowerCase()] ?? each.toLowerCase());
  const machines = words(cpuArchitecture, MACHINES);
  const patterns = words(operatingSystemType, SYSTEMS).flatMap((system) =>
    machines.map((machine) => `${system}*-${machine || '*'}`),
  );
  const attribute = cpuArchitecture === undefined ? 'operatingSystemType' : 'cpuArchitecture';
  return ['-l', `arch=${oneOf(attribute, patterns)}`];
}

/** A resource that may have any of these values; behind a comma there would be another resource. */
function oneOf(attribute: string, values: readonly string[]): string {
  const value = values.find((each) => /[,\s]/.test(each));
  if (value === undefined) return values.join('|');
  throw invalid(attribute, `${JSON.stringify(value)} is not one name`, 'write a list of names');
}
