/**
 * Numbers of C's as values of ours and back, by the kind of a member. Pure; what is behind pointers
 * is marshalling.ts's.
 */
import { NativeError } from '../native/native-error.ts';
import {
  CPU_ARCHITECTURES,
  EVENTS,
  INFINITE_TIME,
  JOB_STATES,
  NOW,
  OPERATING_SYSTEMS,
  UNSET_NUMBER,
  UNSET_TIME,
  UNSET_WORD,
} from './constants.ts';
import type { Drmaa2Layout, Member, MemberKind } from './structures.ts';

const WORDS: Readonly<Partial<Record<MemberKind, readonly string[]>>> = {
  jobState: JOB_STATES,
  event: EVENTS,
  operatingSystem: OPERATING_SYSTEMS,
  cpuArchitecture: CPU_ARCHITECTURES,
};

/** The words that a kind has in a layout; none if it is not an enumeration. */
function wordsOf(kind: MemberKind, layout: Drmaa2Layout): readonly string[] | undefined {
  const words = WORDS[kind];
  // Only PBSPro has the last of them.
  return kind === 'cpuArchitecture' && layout !== 'pbs' ? words?.slice(0, -1) : words;
}

/** The word for a number; the library made it up if there is none. */
export function wordOf(words: readonly string[], number: number, what: string): string | undefined {
  if (number === UNSET_WORD) return undefined;
  const word = words[number];
  if (word !== undefined) return word;
  throw new NativeError({
    code: 'ADAPTOR_FAILED',
    problem: `the library answered ${number}, which is no word of DRMAA 2`,
    subject: what,
    hint: 'name the layout that the library was built with, if it is another',
  });
}

/** What a number in C means; undefined for UNSET. */
export function fromC(member: Member, number: number, layout: Drmaa2Layout): unknown {
  const { kind, name } = member;
  switch (kind) {
    case 'truth':
      return number > 0 ? true : undefined;
    case 'flag':
      return number > 0;
    case 'integer':
    case 'count':
      return number === UNSET_NUMBER ? undefined : number;
    case 'float':
      return number < 0 ? undefined : number;
    case 'seconds':
      if (number === INFINITE_TIME) return Number.POSITIVE_INFINITY;
      return number < 0 ? undefined : number;
    case 'time':
      if (number === NOW) return 'now';
      return number < 0 ? undefined : new Date(number * 1000);
    default:
      return wordOf(wordsOf(kind, layout) ?? [], number, name);
  }
}

function secondsOf(value: unknown): number | undefined {
  if (value === Number.POSITIVE_INFINITY) return INFINITE_TIME;
  return typeof value === 'number' && value >= 0 ? Math.ceil(value) : undefined;
}

function timeOf(value: unknown): number | undefined {
  if (value === 'now') return NOW;
  const time = value instanceof Date ? value.getTime() : Number.NaN;
  return time >= 0 ? Math.floor(time / 1000) : undefined;
}

/** The number for a value that is none of ours behind a pointer; undefined if there is none. */
function numberOf(kind: MemberKind, value: unknown, layout: Drmaa2Layout): number | undefined {
  switch (kind) {
    case 'truth':
    case 'flag':
      return typeof value === 'boolean' ? Number(value) : undefined;
    case 'integer':
    case 'count':
      return Number.isSafeInteger(value) && value !== UNSET_NUMBER ? (value as number) : undefined;
    case 'float':
      return typeof value === 'number' ? value : undefined;
    case 'seconds':
      return secondsOf(value);
    case 'time':
      return timeOf(value);
    default: {
      const index = wordsOf(kind, layout)?.indexOf(value as string) ?? -1;
      return index < 0 ? undefined : index;
    }
  }
}

const WANTED: Readonly<Record<MemberKind, string>> = {
  string: 'a text without NUL',
  strings: 'an array of texts without NUL',
  machines: 'an array of { machineName }',
  slots: 'an array of { machineName, slots }',
  dictionary: 'an object of texts without NUL',
  truth: 'true or false',
  flag: 'true or false',
  integer: 'an integer but -1, which is UNSET',
  count: 'an integer from 0, or a priority but -1, which is UNSET',
  seconds: 'seconds, 0 or more; Infinity for no end',
  time: "a Date since 1970, or 'now'",
  float: 'a number',
  jobState: JOB_STATES.join(', '),
  event: EVENTS.join(', '),
  operatingSystem: OPERATING_SYSTEMS.join(', '),
  cpuArchitecture: CPU_ARCHITECTURES.join(', '),
  version: 'nothing: it is only read',
  extension: 'an object of texts without NUL',
};

function refused({ name, kind }: Member): NativeError {
  return new NativeError({
    code: 'DESCRIPTION_INVALID',
    problem: `not ${WANTED[kind]}`,
    subject: name,
  });
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && !value.includes('\0');
}

function texts(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) && value.every(isText) ? value : undefined;
}

function textsByName(value: unknown): Readonly<Record<string, string>> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const pairs = Object.entries(value).map(([name, entry]) => [
    name,
    typeof entry === 'number' ? String(entry) : entry,
  ]);
  return pairs.flat().every(isText) ? Object.fromEntries(pairs) : undefined;
}

function machines(value: unknown): readonly object[] | undefined {
  const isSlot = (entry: { machineName?: unknown; slots?: unknown } | null) =>
    isText(entry?.machineName) && (entry.slots === undefined || Number.isSafeInteger(entry.slots));
  return Array.isArray(value) && value.every(isSlot) ? value : undefined;
}

function readyOf(kind: MemberKind, value: unknown, layout: Drmaa2Layout): unknown {
  switch (kind) {
    case 'string':
      return isText(value) ? value : undefined;
    case 'strings':
      return texts(value);
    case 'dictionary':
    case 'extension':
      return textsByName(value);
    case 'machines':
    case 'slots':
      return machines(value);
    case 'version':
      return undefined;
    default:
      return numberOf(kind, value, layout);
  }
}

/** A member and what is put there: a number for C, or checked texts to be copied there. */
export type Ready = readonly [member: Member, value: unknown];

/**
 * Everything that is to be put into a structure, checked before anything of it is made in C.
 * Refuses what the structure does not have and what C could not be told.
 */
export function prepare(
  members: readonly Member[],
  values: Readonly<Record<string, unknown>>,
  layout: Drmaa2Layout,
): readonly Ready[] {
  const present = Object.entries(values).filter(([, value]) => value !== undefined);
  return present.map(([name, value]) => {
    const member = members.find((known) => known.name === name) ?? extensionNamed(name);
    if (member === undefined)
      throw new NativeError({
        code: 'ATTRIBUTE_UNSUPPORTED',
        problem: `the layout ${layout} has no such attribute`,
        subject: name,
      });
    const ready = readyOf(member.kind, value, layout);
    if (ready === undefined) throw refused(member);
    // Only priorities go below zero.
    if (member.kind === 'count' && name !== 'priority' && Number(ready) < 0) throw refused(member);
    return [member, ready];
  });
}

/** The first edition has no member for extensions, and has them all the same: by functions. */
function extensionNamed(name: string): Member | undefined {
  return name === 'implementationSpecific' ? { name, kind: 'extension' } : undefined;
}

/** The number that says UNSET for a member, by its kind. */
export function unsetOf(kind: MemberKind): number {
  if (kind === 'seconds' || kind === 'time') return UNSET_TIME;
  return kind === 'truth' || kind === 'flag' ? 0 : UNSET_NUMBER;
}
