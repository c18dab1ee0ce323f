/** How the attributes of a unit that calls a function are read, and which of a program's it has not. */
import { readText } from './attribute-readers.ts';
import type { IsolationKind } from './call-command.ts';
import { DescriptionError } from './errors.ts';
import { written } from './written.ts';

const ISOLATIONS: readonly unknown[] = ['thread', 'process', 'fresh'] satisfies IsolationKind[];

/** Of programs alone. */
const OF_PROGRAMS = [
  'executable',
  'arguments',
  'workingDirectory',
  'input',
  'output',
  'error',
  'cleanup',
  'numberOfProcesses',
  'processesPerHost',
  'threadsPerProcess',
  'spmdVariation',
  'fileTransfer',
] as const;

/** Of functions alone, beside `module`. */
const OF_FUNCTIONS = [
  'export',
  'args',
  'isolation',
  'recycleAfter',
  'memoryLimit',
  'initTimeLimit',
] as const;

/** An attribute that must not be there, or is missing. */
interface Misplaced {
  readonly attribute: string;
  readonly problem: string;
  readonly hint: string;
}

/** The URL of a module, as text. */
export function readModule(value: string | { readonly href: string }): string {
  const url = readText(typeof value === 'object' && value !== null ? value.href : value);
  if (url.startsWith('file:')) return url;
  throw new DescriptionError('DESCRIPTION_INVALID', `${written(url)} is the URL of no file`, {
    hint: "write import.meta.url, or new URL('./score.ts', import.meta.url)",
  });
}

/** How a function's worker is kept apart from others. */
export function readIsolation(value: IsolationKind): IsolationKind {
  if (ISOLATIONS.includes(value)) return value;
  throw new DescriptionError('DESCRIPTION_INVALID', `${written(value)} is no isolation`, {
    hint: "write 'thread', 'process' or 'fresh'",
  });
}

/** A function's arguments; what can be sent is seen when they are. */
export function readArgs(value: readonly unknown[]): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new DescriptionError('DESCRIPTION_INVALID', `${written(value)} is no list`, {
    hint: "write [input]; what a program is given is arguments: ['…']",
  });
}

/** What of a description does not go together: a program's and a function's attributes. */
export function misplaced(description: object): readonly Misplaced[] {
  const has = (name: string): boolean =>
    (description as Record<string, unknown>)[name] !== undefined;
  if (!has('module')) {
    const hint = (name: string) =>
      name === 'args' && has('executable') ? 'did you mean arguments?' : 'name its module';
    const found = OF_FUNCTIONS.filter(has).map((attribute) => {
      return {
        attribute,
        problem: 'is of functions, and there is no module',
        hint: hint(attribute),
      };
    });
    if (found.length > 0 || has('executable')) return found;
    return [{ attribute: 'executable', problem: 'is missing', hint: 'name the program to run' }];
  }
  const found = OF_PROGRAMS.filter(has).map((attribute) => {
    return {
      attribute,
      problem: 'is of programs, and a function is called',
      hint: 'leave it out, or leave module out',
    };
  });
  if (has('export')) return found;
  return [
    ...found,
    {
      attribute: 'export',
      problem: 'is missing',
      hint: 'name the function that the module exports',
    },
  ];
}
