/**
 * Reads one attribute of a description each: checks what users may write and gives what we keep.
 *
 * They are functions of their own, not only parts of the schemas, for those who take a million
 * descriptions of one template and need to check just what differs.
 *
 * Each throws DescriptionError `DESCRIPTION_INVALID` without a subject.
 */
import { DescriptionError } from './errors.ts';
import { parseDuration } from './quantity.ts';
import { written } from './written.ts';

/** A duration: seconds, or text like `'1h30m'`. */
export type Duration = number | string;

/** What an environment variable or an option may be given as. */
export type Scalar = string | number | boolean;

/** A key that is lost on the way between programs. */
const PROTOTYPE = '__proto__';
const VARIABLE = /^[^=\0]+$/;
const RESOURCE = /^[A-Za-z_][\w.:-]*$/;
/** What has attributes of its own, and would be counted beside them. */
const COUNTED: Readonly<Record<string, string>> = {
  cores: 'write totalCpuCount, or cores of agents and maps',
  memory: 'write totalPhysicalMemory, or memory of agents and maps',
  gpus: 'write gpus',
};
const LONE_SURROGATE = /\p{Surrogate}/u;

function refusal(value: unknown, kind: string, hint: string): DescriptionError {
  return new DescriptionError('DESCRIPTION_INVALID', `${written(value)} is no ${kind}`, { hint });
}

/** A string that can be handed to the operating system: not empty, no NUL, and Unicode. */
export function readText(value: string): string {
  if (typeof value !== 'string' || value === '') throw refusal(value, 'text', 'write some text');
  return checkedText(value);
}

/** @param whose what it is the value of, where that is not the attribute itself */
function checkedText(text: string, whose = ''): string {
  if (text.includes('\0')) {
    throw new DescriptionError('DESCRIPTION_INVALID', `${whose}${written(text)} holds a NUL byte`, {
      hint: 'the operating system ends strings at it; take it out',
    });
  }
  if (!LONE_SURROGATE.test(text)) return text;
  const problem = `${whose}${written(text)} holds half of a character`;
  throw new DescriptionError('DESCRIPTION_INVALID', problem, {
    hint: 'a program would be given another in its place; cut text between characters',
  });
}

/** What a list holds: map() alone would pass over a hole, and leave it in. */
function items<T>(list: readonly T[]): readonly T[] {
  return Array.from(list);
}

/** Strings, each of which can be handed to the operating system. */
export function readTexts(value: readonly string[]): readonly string[] {
  if (!Array.isArray(value)) throw refusal(value, 'list', "write ['…', '…']");
  return items(value).map(readText);
}

/** One string or several. */
export function readOneOrMore(value: string | readonly string[]): readonly string[] {
  return typeof value === 'string' ? [readText(value)] : readTexts(value);
}

/** A program's arguments; numbers become text, and an argument may be empty. */
export function readArguments(value: readonly (string | number)[]): readonly string[] {
  if (!Array.isArray(value)) throw refusal(value, 'list', "write ['--size', 10]");
  return items(value).map((item: unknown) => {
    if (typeof item === 'string') return checkedText(item);
    if (Number.isFinite(item)) return String(item);
    throw refusal(item, 'argument', 'write text or a number');
  });
}

/** Variables of an environment; numbers and booleans become text. */
export function readEnvironment(
  value: Readonly<Record<string, Scalar>>,
): Readonly<Record<string, string>> {
  const environment: Record<string, string> = {};
  for (const [name, item] of entries(value, "write { NAME: 'value' }")) {
    if (!VARIABLE.test(name) || LONE_SURROGATE.test(name)) {
      throw refusal(name, 'name of a variable', "it must be neither empty nor hold '=' or NUL");
    }
    if (!isScalar(item)) {
      throw refusal(item, `value for the variable ${name}`, 'write text, a number or a boolean');
    }
    environment[name] = checkedText(String(item), `${name}: `);
  }
  return environment;
}

/** A whole number from 1 up. */
export function readCount(value: number): number {
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw refusal(value, 'count', 'write a whole number from 1 up');
}

/** A whole number from 0 up. */
export function readAmount(value: number): number {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw refusal(value, 'amount', 'write a whole number from 0 up');
}

/** A whole number, negative ones too. */
export function readInteger(value: number): number {
  if (Number.isSafeInteger(value)) return value;
  throw refusal(value, 'whole number', 'write one like 10, 0 or -5');
}

/** A duration that is longer than none. */
export function readLimit(value: Duration): number {
  const seconds = parseDuration(value);
  if (seconds > 0) return seconds;
  throw refusal(value, 'limit', 'write a duration above 0, or leave it out for no limit');
}

/** Amounts of named resources. */
export function readResources(
  value: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  for (const [name, amount] of entries(value, 'write { licenses: 2 }')) {
    if (!RESOURCE.test(name)) {
      throw refusal(name, 'name of a resource', "write letters, digits and '_', '.', ':' or '-'");
    }
    const counted = Object.hasOwn(COUNTED, name) ? COUNTED[name] : undefined;
    if (counted !== undefined) {
      throw refusal(name, 'name for a resource: it has an attribute of its own', counted);
    }
    if (typeof amount !== 'number' || !Number.isFinite(amount) || amount < 0) {
      throw refusal(amount, `amount of ${name}`, 'write a number from 0 up');
    }
  }
  return value;
}

/** True or false. */
export function readFlag(value: boolean): boolean {
  if (typeof value === 'boolean') return value;
  throw refusal(value, 'boolean', 'write true or false');
}

/** What is to become of a sandbox. */
export function readCleanup(value: boolean | 'default'): boolean | 'default' {
  if (value === 'default' || typeof value === 'boolean') return value;
  throw refusal(value, 'cleanup', "write true, false or 'default'");
}

/** How often, and after how long, a failed unit is started again. */
export interface Retries {
  /** How many attempts may follow the first. */
  readonly limit: number;
  /** Seconds before the first of them. */
  readonly delay: number;
  /** `exponential`: each delay is twice the one before. */
  readonly backoff: 'constant' | 'exponential';
}

/** How {@link Retries} may be written: a number is the limit. */
export type RetriesInput =
  | number
  | {
      readonly limit: number;
      readonly delay?: Duration | undefined;
      readonly backoff?: 'constant' | 'exponential' | undefined;
    };

const RETRY_KEYS: ReadonlySet<string> = new Set(['limit', 'delay', 'backoff']);

/** Retries, in one form. */
export function readRetries(value: RetriesInput): Retries {
  if (typeof value === 'number') return { limit: readAmount(value), delay: 0, backoff: 'constant' };
  const hint = "write 3, or { limit: 3, delay: '10s', backoff: 'exponential' }";
  const strange = entries(value as never, hint).some(([key]) => !RETRY_KEYS.has(key));
  const { limit, delay = 0, backoff = 'constant' } = value;
  if (strange || limit === undefined || (backoff !== 'constant' && backoff !== 'exponential')) {
    throw refusal(value, 'retries', hint);
  }
  return { limit: readAmount(limit), delay: parseDuration(delay), backoff };
}

/** The id of a pilot, which is named by itself or by its id. */
export function readPilotId(value: string | { readonly id: string }): string {
  if (typeof value !== 'object' || value === null) return readText(value);
  // What makes pilots has an id as well.
  if (!('create' in value)) return readText(value.id);
  throw new DescriptionError('DESCRIPTION_INVALID', `${value.id} is a service, and no pilot`, {
    hint: 'write the pilot that its create() gave, or leave it out for any',
  });
}

/** Options for a resource manager's own command, by name or as they stand. */
export type NativeOptions = Readonly<Record<string, Scalar>> | readonly string[];

/** Native options; what they mean only the adaptor knows. */
export function readNativeOptions(value: NativeOptions): NativeOptions {
  if (Array.isArray(value)) return readTexts(value);
  for (const [name, item] of entries(value as never, "write { constraint: 'haswell' }")) {
    if (!isScalar(item)) {
      throw refusal(item, `value for ${name}`, 'write text, a number or a boolean');
    }
    checkedText(`${name}${item}`);
  }
  return value;
}

/** What names values, and nothing else: no list, Map or Date, whose contents are not seen as such. */
export function readRecord<T extends object>(value: T, hint: string): T {
  if (isRecord(value)) return value;
  throw refusal(value, 'object', hint);
}

/** See {@link readRecord}. */
export function isRecord(value: unknown): boolean {
  const tag = Object.prototype.toString.call(value);
  return tag === '[object Object]' || tag === '[object Module]';
}

function entries(value: Readonly<Record<string, unknown>>, hint: string): [string, unknown][] {
  const all = Object.entries(readRecord(value, hint));
  if (!all.some(([name]) => name === PROTOTYPE)) return all;
  throw refusal(PROTOTYPE, 'name', 'to JavaScript it means something else; write another');
}

function isScalar(value: unknown): value is Scalar {
  return typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value);
}
