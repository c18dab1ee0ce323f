/** What became of a call of a function that has no value. */
import { PilotError } from './errors.ts';

/** What is wrong with a call. */
export type TaskFailure =
  | 'threw'
  | 'crashed'
  | 'time-limit'
  | 'out-of-memory'
  | 'init'
  | 'not-sendable'
  | 'module';

/** What a TaskError tells of its call. */
export interface TaskErrorDetails {
  /** The function's name. */
  readonly task: string;
  readonly index: number;
  readonly inputDigest: string;
  readonly host: string;
  readonly attempt: number;
  readonly kind: TaskFailure;
  readonly remoteStack?: string | undefined;
  /** The end of what its worker wrote to its standard error. */
  readonly stderrTail?: string | undefined;
  readonly cause?: unknown;
}

/** A call of a function has failed, for good; `cause` is what was thrown, rebuilt. */
export class TaskError extends PilotError {
  static override readonly kind: string = 'TaskError';

  /** Which of the map's inputs it was, counted from 0; 0 of a single call. */
  readonly index: number;
  /** SHA-256 of the input's bytes, the first 16 digits: the same for the same input. */
  readonly inputDigest: string;
  /** The node that it was called on. */
  readonly host: string;
  /** Which attempt of this call it was, counted from 1. */
  readonly attempt: number;
  readonly kind: TaskFailure;
  /** The stack over there, with the author's files and lines; `''` where nothing was thrown. */
  readonly remoteStack: string;

  constructor(problem: string, details: TaskErrorDetails) {
    const { task, index, inputDigest, host, attempt, kind, remoteStack = '', cause } = details;
    super('TASK_FAILED', problem, {
      subject: `${task}, input ${index}, on ${host}`,
      hint: hintOf(details),
      ...(cause !== undefined && { cause }),
    });
    this.index = index;
    this.inputDigest = inputDigest;
    this.host = host;
    this.attempt = attempt;
    this.kind = kind;
    this.remoteStack = remoteStack;
  }
}

function hintOf({ kind, stderrTail }: TaskErrorDetails): string | undefined {
  const lastWords = stderrTail?.trim().split('\n').at(-1);
  if (lastWords) return `its standard error ended with '${lastWords}'`;
  if (kind === 'out-of-memory') return 'give it more by memoryLimit, or smaller inputs';
  return undefined;
}
