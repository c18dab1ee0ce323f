/** What is wrong with a call, in words that its author can act on. */
import { inspect } from 'node:util';
import { authorStack } from '../functions/author-stack.ts';
import { LoadError } from '../functions/load-function.ts';
import { PROBLEM_CHARACTERS, PROBLEM_NAME_CHARACTERS } from '../model/call-problem.ts';
import { unsendablePart } from '../runtime/unsendable.ts';
import { TooDeepError } from '../runtime/values.ts';
import { cloneOf, errorParts } from './error-parts.ts';
import type { ToldProblem } from './worker-messages.ts';

/** What a call has thrown, or its module; it may say as much as it likes, and is cut. */
export function thrownProblem(
  call: number,
  kind: ToldProblem['kind'],
  thrown: unknown,
): ToldProblem {
  try {
    if (thrown instanceof Error) {
      const { name, message } = thrown;
      const named = { call, kind, name: `${name}`.slice(0, PROBLEM_NAME_CHARACTERS) };
      const described = { ...named, message: cut(`${message}`), stack: cut(authorStack(thrown)) };
      return { ...described, ...base64Of(errorParts(thrown)) };
    }
    const described = { call, kind, name: typeof thrown, message: cut(inspect(thrown)) };
    return { ...described, ...base64Of(cloneOf(thrown)) };
  } catch {
    // Its getters throw themselves.
    return { call, kind, name: 'Error', message: 'what it has thrown cannot be looked at' };
  }
}

/** Why a function cannot be had, or prepared. What a module has thrown is in the stack with all its lines. */
export function loadProblem(kind: 'module' | 'init', error: unknown): ToldProblem {
  if (!(error instanceof LoadError)) return thrownProblem(0, kind, error);
  const problem = thrownProblem(0, kind, error.cause);
  const [first = ''] = problem.message.trimStart().split('\n');
  return { ...problem, message: cut(first === '' ? error.message : `${error.message}: ${first}`) };
}

function base64Of(bytes: Uint8Array | undefined): { readonly thrown?: string } {
  return bytes === undefined ? {} : { thrown: Buffer.from(bytes).toString('base64') };
}

/** Inputs that cannot be read here: nested too deeply, or written by another version of the engine. */
export function unreadableProblem(call: number, what: string, error: unknown): ToldProblem {
  const why =
    error instanceof TooDeepError ? `, ${error.where},` : ` (${(error as Error).message})`;
  const message = `${what}${why} cannot be read`;
  return { call, kind: 'not-sendable', name: 'DataCloneError', message };
}

/** A result, or what was folded, that cannot be cloned. */
export function unsendableProblem(call: number, value: unknown, what = 'its result'): ToldProblem {
  const message = `${cut(unsendablePart(value, what) ?? what)} cannot be sent`;
  return { call, kind: 'not-sendable', name: 'DataCloneError', message };
}

function cut(text: string): string {
  return text.slice(0, PROBLEM_CHARACTERS);
}
