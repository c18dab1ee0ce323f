/** What is wrong with calls, as errors that their users get. */
import { createHash } from 'node:crypto';
import type { CallProblem } from '../model/call-problem.ts';
import { printable } from '../model/printable.ts';
import { TaskError } from '../model/task-error.ts';
import { decodeValue, encodeValue } from '../runtime/values.ts';

/** What is known of a call that has failed; plain data. */
export interface CallFailure {
  readonly problem: CallProblem;
  readonly inputDigest: string;
  readonly host: string;
  /** Which attempt of the call it was, counted from 1. */
  readonly attempt: number;
}

const DIGEST_DIGITS = 16;

/** Names an input. */
export function inputDigest(input: unknown): string {
  return createHash('sha256').update(encodeValue(input)).digest('hex').slice(0, DIGEST_DIGITS);
}

/** The error of a call that has failed. */
export function taskErrorOf(failure: CallFailure, task: string, index: number): TaskError {
  const { problem, ...call } = failure;
  const { kind, name, message, stack, stderrTail } = problem;
  const cause = causeOf(problem);
  const error = new TaskError(name === '' || kind !== 'threw' ? message : `${name}: ${message}`, {
    ...call,
    task,
    index,
    kind,
    remoteStack: stack,
    stderrTail,
    ...(cause !== undefined && { cause }),
  });
  // Where it has happened; where it was heard of helps nobody.
  error.stack = printable([`${error.name}: ${error.message}`, ...framesOf(stack)].join('\n'));
  return error;
}

/** The first frames of a stack: those of causes follow, behind other words. */
function framesOf(stack = ''): string[] {
  const lines = stack.split('\n');
  const isFrame = (line: string | undefined): boolean => line?.startsWith('    at ') === true;
  const first = lines.findIndex(isFrame);
  if (first < 0) return [];
  const after = lines.findIndex((line, i) => i > first && !isFrame(line));
  return lines.slice(first, after < 0 ? undefined : after);
}

/** What was thrown over there, as far as it can be made again. */
function causeOf({ name, message, stack, thrown }: CallProblem): unknown {
  const value = thrown && decoded(thrown);
  if (stack === undefined) return value;
  const error = new Error(message);
  // As the engine has it: not enumerable, so that it is not printed twice.
  Object.defineProperty(error, 'name', { value: name, configurable: true, writable: true });
  error.stack = printable(stack);
  return Object.assign(error, value);
}

function decoded(bytes: Uint8Array): unknown {
  try {
    return decodeValue(bytes);
  } catch {
    // Another version of the engine has written it: the message says what it was.
    return undefined;
  }
}
