/** Why a call of a function has no value, as it is told from worker to agent to manager. */
import type { TaskFailure } from './task-error.ts';

/** No text of a problem has more characters on its way, nor what was thrown more bytes. */
export const PROBLEM_CHARACTERS: number = 16 * 1024;
/** Nor has a name. */
export const PROBLEM_NAME_CHARACTERS = 256;

/** What is wrong with a call; plain data. */
export interface CallProblem {
  /** Which call of the batch, counted from 0. */
  readonly call: number;
  readonly kind: TaskFailure;
  /** The error's name and message, or what happened in a sentence. */
  readonly name: string;
  readonly message: string;
  /** With the author's files and lines. */
  readonly stack?: string;
  /** Which function has failed, where it is not the one that the map is of: what a reduce merges with. */
  readonly task?: string;
  /**
   * A structured clone of what was thrown; of an error, which has a stack, of its own properties alone, or of a
   * pair of these and its {@link InnerErrors} where it has any.
   */
  readonly thrown?: Uint8Array;
  /** The end of what its worker wrote to its standard error, where it crashed. */
  readonly stderrTail?: string;
  /** It may be another call of the batch that is to blame: nobody could say which one ended the worker. */
  readonly isSuspect?: boolean;
}

/** What an error tells of others: what has caused it, and those that an AggregateError has gathered. */
export interface InnerErrors {
  readonly cause?: Inner;
  readonly errors?: readonly Inner[];
}

/** An error within another, or whatever was thrown in the place of one. */
export type Inner = { readonly error: ToldError } | { readonly value: unknown };

/** An error, as plain data. */
export interface ToldError extends InnerErrors {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  /** Properties of its own. */
  readonly own?: object;
}

/** How many characters it has, and bytes of what was thrown. */
export function problemSize({ name, message, stack, stderrTail, thrown }: CallProblem): number {
  const texts = [name, message, stack, stderrTail, thrown];
  return texts.reduce((size, text) => size + (text?.length ?? 0), 0);
}
