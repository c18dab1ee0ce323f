/**
 * What implementations of DRMAA 1 do to attributes without anybody wanting it: worked around before they get
 * them, or refused where there is no way round. Each says what was seen, and with which version.
 */
import { posix } from 'node:path';
import { DrmaaError } from '../errors.ts';
import type { NativeValue } from './attributes.ts';
import { withoutOffset } from './local-time.ts';

/** Attributes by their names in C, to be changed in place. */
type Attributes = Map<string, NativeValue>;

interface Quirk {
  /** The DRM system as the library calls it: `drmaa_get_DRM_system`. */
  readonly of: RegExp;
  /** What happens without it. */
  readonly seen: string;
  /** `timeZone`: the library's, where it is not this program's. */
  mend(attributes: Attributes, timeZone: string | undefined): void;
}

const GRID_ENGINE = /\b([SOU]?GE|Grid Engine)\b/i;
const SLURM = /slurm/i;

const COMMAND = 'drmaa_remote_command';
const ARGUMENTS = 'drmaa_v_argv';
const VARIABLES = 'drmaa_v_env';
const NATIVE = 'drmaa_native_specification';
const NAME = 'drmaa_job_name';
/** What a line of its own files can hold: of a variable with its name, and of an argument. */
const VARIABLE_BYTES = 9_999;
const ARGUMENT_BYTES = 99_980;
const TIMES = [
  ['drmaa_start_time', 'startTime'],
  ['drmaa_deadline_time', 'deadlineTime'],
] as const;

/** Every quirk that is known. */
const QUIRKS: readonly Quirk[] = [
  {
    of: GRID_ENGINE,
    seen: 'Son of Grid Engine 8.1.9 ends the value of a variable at its first equals sign, and name and value after 9,999 bytes',
    mend: carryVariables,
  },
  {
    of: GRID_ENGINE,
    seen: 'Son of Grid Engine 8.1.9 ends an argument at its first line break, and after 99,990 bytes',
    mend: (attributes) => {
      const words = list(attributes, ARGUMENTS);
      const hint = 'write it to a file';
      if (words.some((each) => each.includes('\n')))
        throw refused('args', 'Grid Engine ends an argument at its first line break', {
          hint: `${hint}, or put it into jobEnvironment`,
        });
      if (words.some((each) => Buffer.byteLength(each) > ARGUMENT_BYTES))
        throw refused('args', `Grid Engine cuts arguments off after ${ARGUMENT_BYTES} bytes`, {
          hint,
        });
    },
  },
  {
    of: GRID_ENGINE,
    seen: "Son of Grid Engine 8.1.9 takes the offset of a time for its hour, or dies of it ('buffer overflow detected')",
    mend: (attributes, timeZone) => {
      for (const [name, subject] of TIMES) {
        const time = attributes.get(name);
        if (typeof time !== 'string') continue;
        const local = withoutOffset(time, timeZone);
        if (local === undefined)
          throw refused(subject, `Grid Engine cannot be told the offset of '${time}'`, {
            hint: 'give a Date, or a time of the clock on the wall without an offset',
          });
        attributes.set(name, local);
      }
    },
  },
  {
    of: SLURM,
    seen: 'slurm-drmaa puts arguments between single quotes and does not look what is in them',
    mend: (attributes) => {
      const words = list(attributes, ARGUMENTS);
      const escaped = words.map((each) => each.replaceAll("'", "'\\''"));
      if (words.length > 0) attributes.set(ARGUMENTS, escaped);
    },
  },
  {
    of: SLURM,
    seen: 'slurm-drmaa writes the command into a shell script as it is',
    mend: (attributes) => {
      const command = attributes.get(COMMAND);
      if (typeof command === 'string' && !/^[\w./$-]+$/.test(command))
        attributes.set(COMMAND, `'${command.replaceAll("'", "'\\''")}'`);
    },
  },
];

/** The attributes as the implementation has to be told them, so that it does what they say. */
export function mended(attributes: Attributes, drmSystem: string, timeZone?: string): Attributes {
  const changed = new Map(attributes);
  for (const quirk of QUIRKS) if (quirk.of.test(drmSystem)) quirk.mend(changed, timeZone);
  return changed;
}

/**
 * Variables with an equals sign in their values go by `-v`. It ends a value at a comma, knows no way to
 * write both kinds of quotes, and reads names as options; such go by env(1) before the command, and so
 * do long ones.
 */
function carryVariables(attributes: Attributes): void {
  const variables = list(attributes, VARIABLES).map(split);
  const isLong = (each: Variable) => Buffer.byteLength(joined(each)) > VARIABLE_BYTES;
  const cut = variables.filter(
    (each) => each[1].includes('=') || each[0].includes('\n') || isLong(each),
  );
  if (cut.length === 0) return;
  const isOption = (each: Variable) =>
    /^\w+$/.test(each[0]) && quoteFor(each[1]) !== undefined && !isLong(each);
  const byOption = cut.filter(isOption);
  const byCommand = cut.filter((each) => !isOption(each));
  attributes.set(VARIABLES, variables.filter((each) => !cut.includes(each)).map(joined));
  if (byOption.length > 0) addOption(attributes, byOption);
  if (byCommand.length > 0) addToCommand(attributes, byCommand);
}

type Variable = readonly [name: string, value: string];

function addOption(attributes: Attributes, variables: readonly Variable[]): void {
  const words = variables.map(
    ([name, value]) => `${name}=${quoteFor(value)}${value}${quoteFor(value)}`,
  );
  const before = attributes.get(NATIVE) ?? '';
  attributes.set(NATIVE, `${before} -v ${words.join(',')}`.trim());
}

/** What an option's value can be written between; undefined when it cannot be written. */
function quoteFor(value: string): string | undefined {
  if (value.includes(',')) return undefined;
  return ["'", '"'].find((quote) => !value.includes(quote));
}

function addToCommand(attributes: Attributes, variables: readonly Variable[]): void {
  const command = attributes.get(COMMAND);
  const words = variables.map(joined);
  const names = variables.map(([name]) => name).join(', ');
  if (words.some((each) => each.includes('\n')) || (command ?? '').includes('='))
    throw refused('jobEnvironment', 'Grid Engine cannot be given this value', {
      hint: `have the command set ${names}, or take out commas, quotes, and what is longer than ${VARIABLE_BYTES} bytes`,
    });
  if (words.some((each) => Buffer.byteLength(each) > ARGUMENT_BYTES))
    throw refused('jobEnvironment', `Grid Engine cuts ${names} off after ${ARGUMENT_BYTES} bytes`, {
      hint: 'write it to a file, or have the command set it',
    });
  if (typeof command !== 'string') return;
  if (!attributes.has(NAME)) attributes.set(NAME, posix.basename(command));
  attributes.set(COMMAND, '/usr/bin/env');
  const end = words.some((each) => each.startsWith('-')) ? ['--'] : [];
  attributes.set(ARGUMENTS, [...end, ...words, command, ...list(attributes, ARGUMENTS)]);
}

function list(attributes: Attributes, name: string): readonly string[] {
  const value = attributes.get(name) ?? [];
  return typeof value === 'string' ? [value] : value;
}

function split(pair: string): Variable {
  const at = pair.indexOf('=');
  return [pair.slice(0, at), pair.slice(at + 1)];
}

function joined([name, value]: Variable): string {
  return `${name}=${value}`;
}

function refused(subject: string, problem: string, { hint }: { hint: string }): DrmaaError {
  return new DrmaaError('DESCRIPTION_INVALID', problem, { subject, hint });
}
