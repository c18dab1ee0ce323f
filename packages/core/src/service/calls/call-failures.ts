/** What is wrong with calls, as errors that their users get. */
import { createHash } from 'node:crypto';
import type { CallProblem, Inner, InnerErrors, ToldError } from '../../model/call-problem.ts';
import { PilotError } from '../../model/errors.ts';
import { printable } from '../../model/printable.ts';
import { TaskError } from '../../model/task-error.ts';
import { decodeValue, encodeValue } from '../../runtime/values.ts';

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
  return digestOf(encodeValue(input));
}

/** The same of one that is encoded. */
export function digestOf(input: Uint8Array): string {
  return createHash('sha256').update(input).digest('hex').slice(0, DIGEST_DIGITS);
}

/**
 * What a call has returned.
 *
 * @throws PilotError `TASK_FAILED` for what was sent well, and cannot be read here
 */
export function decodeReturned(bytes: Uint8Array): unknown {
  try {
    return decodeValue(bytes);
  } catch (cause) {
    const why = (cause as Error).message;
    throw new PilotError('TASK_FAILED', `what was returned cannot be read: ${why}`, {
      hint: 'return plain data that is less deep, or the name of a file',
      cause,
    });
  }
}

/** The error of a call that has failed; `task` is the function that the map is of. */
export function taskErrorOf(failure: CallFailure, task: string, index: number): TaskError {
  const { problem, ...call } = failure;
  const { kind, name, message, stack, stderrTail, task: failed = task } = problem;
  const cause = causeOf(problem);
  const error = new TaskError(name === '' || kind !== 'threw' ? message : `${name}: ${message}`, {
    ...call,
    task: failed,
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
  if (!Array.isArray(value)) return rebuilt({ name, message, stack, own: value as object });
  const [own, inner] = value as unknown as readonly [object, InnerErrors];
  // Those within have stacks of their own.
  const frames = [`${name}: ${message}`, ...framesOf(stack)].join('\n');
  return rebuilt({ name, message, stack: frames, own, ...inner });
}

function rebuilt({ name, message, stack, own, cause, errors }: ToldError): Error {
  const error = errors ? new AggregateError(errors.map(innerOf), message) : new Error(message);
  // As the engine has it: not enumerable, so that it is not printed twice.
  const hide = (key: string, value: unknown): unknown =>
    Object.defineProperty(error, key, { value, configurable: true, writable: true });
  hide('name', name);
  error.stack = printable(stack ?? `${name}: ${message}`);
  Object.assign(error, own);
  if (cause) hide('cause', innerOf(cause));
  return error;
}

function innerOf(inner: Inner): unknown {
  return 'error' in inner ? rebuilt(inner.error) : inner.value;
}

function decoded(bytes: Uint8Array): unknown {
  try {
    return decodeValue(bytes);
  } catch {
    // Another version of the engine has written it: the message says what it was.
    return undefined;
  }
}
