/**
 * What comes from a worker, checked before anybody acts on it: there is code of others in its process, and
 * what that does to built-ins or descriptors is to end that worker, and never its agent.
 */
import type { TaskFailure } from '../model/task-error.ts';
import type { FromWorker, ToldProblem } from './worker-messages.ts';

type Check = (value: unknown) => boolean;
/** Each of its fields has one. */
type Checks<Fields> = { readonly [name in Exclude<keyof Fields, 'type'>]-?: Check };

const isText: Check = (value) => typeof value === 'string';
const isFlag: Check = (value) => typeof value === 'boolean';
const isNumber: Check = (value) => Number.isFinite(value);
const isCount: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const isTime: Check = (value) => isNumber(value) && (value as number) >= 0;

const orNone =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
const oneOf =
  (words: readonly unknown[]): Check =>
  (value) =>
    words.includes(value);
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);

const KINDS: Readonly<Record<TaskFailure, true>> = {
  threw: true,
  crashed: true,
  'time-limit': true,
  'out-of-memory': true,
  init: true,
  'not-sendable': true,
  module: true,
};

const PROBLEM: Checks<ToldProblem> = {
  call: isCount,
  kind: oneOf(Object.keys(KINDS)),
  name: isText,
  message: isText,
  task: orNone(isText),
  stack: orNone(isText),
  thrown: orNone(isText),
  stderrTail: orNone(isText),
  isSuspect: orNone(isFlag),
};
const isProblem: Check = (value) => isObject(value) && wrongField(value, PROBLEM) === undefined;

const MESSAGES: {
  readonly [type in FromWorker['type']]: Checks<Extract<FromWorker, { readonly type: type }>>;
} = {
  hello: { worker: isCount, token: isText, pid: isCount },
  ready: {},
  unfit: { problem: isProblem },
  'run-ready': { problem: orNone(isProblem) },
  results: {
    piece: isCount,
    from: isCount,
    count: isCount,
    ms: isTime,
    problems: listOf(isProblem),
    isOver: isFlag,
    isFull: orNone(isFlag),
    usage: orNone((value) => listOf(isTime)(value) && (value as unknown[]).length === 3),
  },
  folded: { piece: isCount, isEmpty: isFlag, problem: orNone(isProblem) },
  output: { stream: oneOf(['stdout', 'stderr']) },
  progress: { fraction: orNone(isNumber), message: isText },
  dying: { piece: orNone(isCount), problem: orNone(isProblem) },
  'thread-ended': {
    worker: isCount,
    exitCode: isNumber,
    problem: orNone(isText),
    isOutOfMemory: orNone(isFlag),
  },
};

/**
 * The head of a message.
 *
 * @throws Error that says what of it cannot be
 */
export function readFromWorker(head: unknown): FromWorker {
  if (!isObject(head)) throw new Error('a message that is no object');
  const { type } = head;
  if (typeof type !== 'string' || !Object.hasOwn(MESSAGES, type)) {
    throw new Error('a message of no known type');
  }
  const wrong = wrongField(head, MESSAGES[type as FromWorker['type']]);
  if (wrong !== undefined) throw new Error(`a message with no right '${wrong}'`);
  return head as unknown as FromWorker;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function wrongField(
  value: Readonly<Record<string, unknown>>,
  checks: Readonly<Record<string, Check>>,
): string | undefined {
  return Object.keys(checks).find((name) => checks[name]?.(value[name]) === false);
}
