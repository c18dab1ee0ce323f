/**
 * The attributes of DRMAA 1's job templates: their names and values as users write them, and as the C
 * binding takes them (GFD.133, job template attributes). It knows no implementation.
 */
import { DrmaaError } from '../errors.ts';

/**
 * What shall be run, and how. Which attributes an implementation knows besides the mandatory ones, its
 * `attributeNames()` tell; it refuses others by `DESCRIPTION_INVALID`. One of its own is written by its
 * full name, `drmaa_...`.
 */
export interface DrmaaJobAttributes {
  /** The command, as the execution host sees it. Placeholders in paths: `$drmaa_hd_ph$`, `$drmaa_wd_ph$`, `$drmaa_incr_ph$`. */
  readonly remoteCommand?: string;
  /** The command's arguments, without its name. */
  readonly args?: readonly string[];
  /** `HOLD`: it waits for `control(id, 'RELEASE')`. */
  readonly jobSubmissionState?: 'ACTIVE' | 'HOLD';
  /** Variables of the command's environment. */
  readonly jobEnvironment?: Readonly<Record<string, string>>;
  /** Where the command runs, on the execution host. */
  readonly workingDirectory?: string;
  /** A name for settings that the site has made. */
  readonly jobCategory?: string;
  /** Options in the resource manager's own language, as on the command line of its submit command. */
  readonly nativeSpecification?: string;
  /** Who is written to. */
  readonly email?: readonly string[];
  /** No mail at all. */
  readonly blockEmail?: boolean;
  /** Not before: a Date, or `[[[[CC]YY/]MM/]DD] hh:mm[:ss] [{-|+}UU:uu]`. */
  readonly startTime?: Date | string;
  /** A name for it: letters, digits and `_` everywhere; more where the resource manager allows. */
  readonly jobName?: string;
  /** `[host]:path`, or an absolute path, which is of the execution host. */
  readonly inputPath?: string;
  /** As inputPath. */
  readonly outputPath?: string;
  /** As inputPath. */
  readonly errorPath?: string;
  /** Standard error goes where standard output goes; errorPath does not count then. */
  readonly joinFiles?: boolean;
  /** Which files are copied from and to the hosts of their paths: of `i`, `o`, `e`. */
  readonly transferFiles?: string;
  /** Ended by then; as startTime. */
  readonly deadlineTime?: Date | string;
  /** Seconds since its start after which it is ended. */
  readonly hardWallclockTimeLimit?: number;
  /** Seconds that it is expected to run for. */
  readonly softWallclockTimeLimit?: number;
  /** Seconds in which it runs and is not suspended, after which it is ended. */
  readonly hardRunDurationLimit?: number;
  /** Seconds that it is expected to run for without being suspended. */
  readonly softRunDurationLimit?: number;
  /** An attribute of the implementation's own. */
  readonly [own: `drmaa_${string}`]: string | readonly string[];
}

/** The name of an attribute. */
export type DrmaaAttributeName = keyof DrmaaJobAttributes & string;

/** A value as the C binding has it: a string, or a vector of them. */
export type NativeValue = string | readonly string[];

/** Attributes by their names in C. */
export type NativeAttributes = ReadonlyMap<string, NativeValue>;

type Kind = 'text' | 'path' | 'list' | 'variables' | 'time' | 'seconds' | Words;
/** The value of C for each that users write. */
type Words = readonly (readonly [value: unknown, word: string])[];

const SUBMISSION: Words = [
  ['ACTIVE', 'drmaa_active'],
  ['HOLD', 'drmaa_hold'],
];
const ONE_OR_ZERO: Words = [
  [true, '1'],
  [false, '0'],
];
const YES_OR_NO: Words = [
  [true, 'y'],
  [false, 'n'],
];

/** Every attribute of the standard: its name in C, and how values are written. */
export const DRMAA1_ATTRIBUTES = {
  remoteCommand: ['drmaa_remote_command', 'text'],
  args: ['drmaa_v_argv', 'list'],
  jobSubmissionState: ['drmaa_js_state', SUBMISSION],
  jobEnvironment: ['drmaa_v_env', 'variables'],
  workingDirectory: ['drmaa_wd', 'text'],
  jobCategory: ['drmaa_job_category', 'text'],
  nativeSpecification: ['drmaa_native_specification', 'text'],
  email: ['drmaa_v_email', 'list'],
  blockEmail: ['drmaa_block_email', ONE_OR_ZERO],
  startTime: ['drmaa_start_time', 'time'],
  jobName: ['drmaa_job_name', 'text'],
  inputPath: ['drmaa_input_path', 'path'],
  outputPath: ['drmaa_output_path', 'path'],
  errorPath: ['drmaa_error_path', 'path'],
  joinFiles: ['drmaa_join_files', YES_OR_NO],
  transferFiles: ['drmaa_transfer_files', 'text'],
  deadlineTime: ['drmaa_deadline_time', 'time'],
  hardWallclockTimeLimit: ['drmaa_wct_hlimit', 'seconds'],
  softWallclockTimeLimit: ['drmaa_wct_slimit', 'seconds'],
  hardRunDurationLimit: ['drmaa_run_duration_hlimit', 'seconds'],
  softRunDurationLimit: ['drmaa_run_duration_slimit', 'seconds'],
} as const satisfies Record<string, readonly [native: string, kind: Kind]>;

/**
 * Writes a value as the C binding has it.
 *
 * @throws DrmaaError `ATTRIBUTE_UNSUPPORTED` for a name that is none, `DESCRIPTION_INVALID` for a value
 * that cannot be written
 */
export function writtenValue(name: string, value: unknown): [native: string, NativeValue] {
  const [native, kind] = attributeOf(name);
  const written = write(kind, value) ?? refuse(name, value);
  for (const text of typeof written === 'string' ? [written] : written)
    if (text.includes('\0')) throw invalid(name, 'a zero byte would end it early');
  return [native, written];
}

/** Reads what the C binding has as users write it. */
export function readValue(name: string, native: NativeValue): unknown {
  const [, kind] = attributeOf(name);
  if (kind === 'variables') return Object.fromEntries((native as string[]).map(variable));
  if (kind === 'seconds') return secondsOf(native as string);
  if (typeof kind === 'object') return kind.find(([, word]) => word === native)?.[0] ?? native;
  return native;
}

/**
 * Name and kind of an attribute in C; one of an implementation's own is a list if its name says so.
 *
 * @throws DrmaaError `ATTRIBUTE_UNSUPPORTED`
 */
export function attributeOf(name: string): readonly [native: string, kind: Kind] {
  const known = Object.hasOwn(DRMAA1_ATTRIBUTES, name);
  if (known) return DRMAA1_ATTRIBUTES[name as keyof typeof DRMAA1_ATTRIBUTES];
  if (name.startsWith('drmaa_')) return [name, name.startsWith('drmaa_v_') ? 'list' : 'text'];
  throw new DrmaaError('ATTRIBUTE_UNSUPPORTED', 'no attribute of job templates has this name', {
    subject: name,
    hint: "write one of the implementation's own as drmaa_...",
  });
}

function write(kind: Kind, value: unknown): NativeValue | undefined {
  if (typeof kind === 'object') return kind.find(([word]) => word === value)?.[1];
  switch (kind) {
    case 'text':
      return typeof value === 'string' ? value : undefined;
    case 'path':
      return typeof value === 'string' ? pathOf(value) : undefined;
    case 'list':
      return isTexts(value) ? value : undefined;
    case 'variables':
      return variablesOf(value);
    case 'time':
      return timeOf(value);
    case 'seconds':
      return Number.isSafeInteger(value) && (value as number) >= 0 ? String(value) : undefined;
  }
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}

/** The standard wants a colon in front, behind the name of a host if need be. */
function pathOf(path: string): string {
  return /^[/$]/.test(path) ? `:${path}` : path;
}

function variablesOf(value: unknown): readonly string[] | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const pairs = Object.entries(value);
  if (!pairs.every(([name, text]) => /^[^=\0]+$/.test(name) && typeof text === 'string'))
    return undefined;
  return pairs.map(([name, text]) => `${name}=${text}`);
}

function variable(pair: string): [string, string] {
  const at = pair.indexOf('=');
  return at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)];
}

/** From `[[h:]m:]s`. */
function secondsOf(text: string): number {
  return text.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
}

/** `CCYY/MM/DD hh:mm:ss +00:00`, by Greenwich. */
function timeOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (!(value instanceof Date) || Number.isNaN(value.getTime())) return undefined;
  const [day = '', clock = ''] = value.toISOString().split('T');
  return `${day.replaceAll('-', '/')} ${clock.slice(0, 8)} +00:00`;
}

function refuse(name: string, value: unknown): never {
  throw invalid(name, `${JSON.stringify(value) ?? String(value)} is no value for it`);
}

function invalid(name: string, problem: string): DrmaaError {
  return new DrmaaError('DESCRIPTION_INVALID', problem, { subject: name });
}
