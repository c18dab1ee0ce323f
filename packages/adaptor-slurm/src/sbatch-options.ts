/**
 * Options of sbatch as data: read from what users and sites write, merged, and shown as `#SBATCH`
 * lines. Knows which of them a pilot's description or the script itself decides. PURE.
 */
import { type NativeOptions, PilotError } from '@pstar/core/adaptor';
import type { SbatchOption } from './transport.ts';

const SHORT: Readonly<Record<string, string>> = {
  A: 'account',
  B: 'extra-node-info',
  C: 'constraint',
  D: 'chdir',
  F: 'nodefile',
  G: 'gpus',
  H: 'hold',
  J: 'job-name',
  L: 'licenses',
  M: 'clusters',
  N: 'nodes',
  O: 'overcommit',
  Q: 'quiet',
  S: 'core-spec',
  V: 'version',
  W: 'wait',
  a: 'array',
  b: 'begin',
  c: 'cpus-per-task',
  d: 'dependency',
  e: 'error',
  h: 'help',
  i: 'input',
  k: 'no-kill',
  m: 'distribution',
  n: 'ntasks',
  o: 'output',
  p: 'partition',
  q: 'qos',
  s: 'oversubscribe',
  t: 'time',
  v: 'verbose',
  w: 'nodelist',
  x: 'exclude',
};

/** Short options that take no value, so that others may follow in the same word. */
const FLAGS = 'HOQVWhksv';

/** What says the same as an option of sbatch, and better. */
export const OWNED_OPTIONS: Readonly<Record<string, string>> = {
  account: 'project',
  begin: 'startTime',
  chdir: 'workingDirectory',
  clusters: 'slurm:///?cluster=',
  'cpus-per-task': 'threadsPerProcess',
  error: 'error',
  'job-name': 'name',
  'mail-user': 'contact',
  mem: 'totalPhysicalMemory',
  nodes: 'numberOfProcesses',
  ntasks: 'totalCpuCount',
  'ntasks-per-node': 'numberOfProcesses',
  output: 'output',
  partition: 'queue',
  time: 'wallTimeLimit',
};

/** With these the script would not be what starts agents, or its end would not be theirs. */
const OURS_ALONE = [
  'array',
  'export-file',
  'help',
  'input',
  'nodefile',
  'ntasks-per-core',
  'ntasks-per-gpu',
  'ntasks-per-socket',
  'open-mode',
  'parsable',
  'quiet',
  'signal',
  'test-only',
  'usage',
  'verbose',
  'version',
  'wait',
  'wrap',
] as const;

/** What only the script or the pilot's own files can decide, also where a site has defaults. */
const NO_DEFAULT = [...OURS_ALONE, 'chdir', 'clusters', 'error', 'job-name', 'output'];

/** Names that begin another one of these lists, and are options of their own. */
const WHOLE_WORDS = [
  ...OURS_ALONE,
  ...Object.keys(OWNED_OPTIONS),
  'cluster-constraint',
  'export',
  'mem-per-cpu',
  'mem-per-gpu',
];

/**
 * What a pilot's `nativeOptions` add.
 *
 * @throws PilotError `DESCRIPTION_INVALID` for what has an attribute, or is not the user's to set
 */
export function readNativeOptions(native: NativeOptions = {}): readonly SbatchOption[] {
  const options = isWords(native)
    ? readWords(native, 'nativeOptions')
    : Object.entries(native).flatMap(([name, value]) => readEntry(name, value));
  for (const [name] of options) refuseOwned(name);
  return options;
}

/**
 * What a site wants of every pilot: `--constraint=haswell --comment='two words'`. What a description
 * says goes before it.
 *
 * @throws PilotError `DESCRIPTION_INVALID` for what cannot have a default
 */
export function readSiteOptions(text: string, variable: string): readonly SbatchOption[] {
  const options = readWords(splitWords(text, variable), variable);
  for (const [name] of options) {
    const known = owned(name, NO_DEFAULT);
    if (known === undefined) continue;
    throw invalid(`--${name} is no option that a site can give to all pilots`, variable, {
      hint: 'take it out',
    });
  }
  return options;
}

/** One list of several: what comes later counts, and an option stands in it once. */
export function mergeOptions(
  ...lists: readonly (readonly SbatchOption[])[]
): readonly SbatchOption[] {
  return [...new Map(lists.flat().map((option) => [option[0], option] as const)).values()];
}

/**
 * The line of a batch script that says it. sbatch takes quotes off these lines much as a shell does.
 *
 * @throws PilotError `DESCRIPTION_INVALID` for a value of several lines
 */
export function sbatchLine([name, value]: SbatchOption): string {
  if (value === true) return `#SBATCH --${name}`;
  if (/\p{Cc}/u.test(value)) {
    const subject = OWNED_OPTIONS[name] ?? 'nativeOptions';
    throw invalid(
      `--${name}: a value of sbatch is one line of text, not ${JSON.stringify(value)}`,
      subject,
    );
  }
  const plain = /^[\w@%+=:,./[\]*&|()!~^{}-]+$/.test(value);
  return `#SBATCH --${name}=${plain ? value : `"${value.replace(/["\\]/g, '\\$&')}"`}`;
}

function isWords(native: NativeOptions): native is readonly string[] {
  return Array.isArray(native);
}

function readEntry(written: string, value: string | number | boolean): readonly SbatchOption[] {
  const bare = written.replace(/^--?/, '');
  const name = bare.length === 1 ? (SHORT[bare] ?? bare) : bare;
  if (!/^[A-Za-z][\w-]*$/.test(name)) {
    throw invalid(`'${written}' is no option of sbatch`, 'nativeOptions', {
      hint: "write { constraint: 'haswell' }",
    });
  }
  if (value === false) return [];
  return [[name, value === true ? true : String(value)]];
}

/** `--name=value`, `--name`, `-N 2`, `-N2`, each a word or with the value as the next one. */
function readWords(words: readonly string[], subject: string): readonly SbatchOption[] {
  const options: [string, string | true][] = [];
  for (const word of words.flatMap(splitOption)) {
    const long = /^--([A-Za-z][\w-]*)(?:=(.*))?$/s.exec(word);
    const short = /^-([A-Za-z])=?(.*)$/s.exec(word);
    if (long) {
      options.push([long[1] as string, long[2] ?? true]);
    } else if (short) {
      options.push(...readShort(short[1] as string, short[2] as string, word, subject));
    } else {
      const last = options.at(-1);
      if (last === undefined || last[1] !== true) {
        throw invalid(`'${word}' belongs to no option`, subject, { hint: 'write --name=value' });
      }
      last[1] = word;
    }
  }
  return options;
}

function readShort(
  letter: string,
  rest: string,
  word: string,
  subject: string,
): [string, string | true][] {
  const name = SHORT[letter];
  if (name === undefined || (FLAGS.includes(letter) && rest !== '' && letter !== 's')) {
    throw invalid(`'${word}' is no option of sbatch`, subject, { hint: 'write --name=value' });
  }
  return [[name, rest === '' ? true : rest]];
}

/** `--constraint haswell` and `-C haswell` as people write them in one string. */
function splitOption(word: string): readonly string[] {
  const parts = /^(--?[A-Za-z][\w-]*)\s+(\S.*)$/s.exec(word.trim());
  return parts ? [parts[1] as string, parts[2] as string] : [word.trim()];
}

/** Words as a shell reads them, without its expansions. */
function splitWords(text: string, subject: string): readonly string[] {
  const words: string[] = [];
  const token = /\s+|((?:[^\s'"\\]|\\.|'[^']*'|"(?:[^"\\]|\\.)*")+)/gsy;
  while (token.lastIndex < text.length) {
    const match = token.exec(text);
    if (match === null) throw invalid('a quote is not closed', subject);
    if (match[1] !== undefined) words.push(unquote(match[1]));
  }
  return words;
}

function unquote(word: string): string {
  return word.replace(
    /'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)/gs,
    (_, single?: string, double?: string, escaped?: string) =>
      single ?? double?.replace(/\\(["\\$`])/g, '$1') ?? escaped ?? '',
  );
}

function refuseOwned(name: string): void {
  const alone = owned(name, OURS_ALONE);
  if (alone !== undefined) {
    throw invalid(`--${name} is what the adaptor decides`, 'nativeOptions', {
      hint: 'take it out',
    });
  }
  const option = owned(name, Object.keys(OWNED_OPTIONS));
  if (option === undefined) return;
  throw invalid(`--${name} has an attribute of its own`, 'nativeOptions', {
    hint: `write ${OWNED_OPTIONS[option]}`,
  });
}

/** Which of the names it is, or stands for: sbatch takes the beginning of a name for the whole. */
function owned(name: string, names: readonly string[]): string | undefined {
  if (names.includes(name)) return name;
  if (WHOLE_WORDS.includes(name)) return undefined;
  return names.find((candidate) => name.length > 2 && candidate.startsWith(name));
}

function invalid(problem: string, subject: string, { hint }: { hint?: string } = {}): PilotError {
  return new PilotError('DESCRIPTION_INVALID', problem, {
    subject,
    ...(hint !== undefined && { hint }),
  });
}
