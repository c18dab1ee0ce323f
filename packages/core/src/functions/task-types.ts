/** Functions that travel: how they are named, and what they are told. */
import type { CannotBeSent, Sendable } from './sendable.ts';

/** What a function is told of the call beside its input. */
export interface TaskContext {
  /** Which of the map's inputs it is, counted from 0; 0 for a single call. */
  readonly index: number;
  /**
   * Which attempt of this call it is, counted from 1. What was given to a pilot and taken back before it
   * began counts too.
   */
  readonly attempt: number;
  /** Aborted when the call is canceled: soon afterwards its worker is ended. */
  readonly signal: AbortSignal;
  /** A directory of the node's for this call alone; made when it is first read, removed after the call. */
  readonly scratch: string;
  /** The cores that it holds, by the node's numbers. */
  readonly cores: readonly number[];
  /** The gpus that it holds, as CUDA_VISIBLE_DEVICES names them. */
  readonly gpus: readonly string[];
  /** The name of the node. */
  readonly host: string;
  /** The pilot job that it runs in. */
  readonly pilotJob: string;
  /** What the module's `init` has returned in this worker. */
  readonly state: unknown;
  /** Reports progress: a fraction between 0 and 1, words, or both. Of the words the first 4,096 characters are told. */
  progress(fraction: number, message?: string): void;
  progress(message: string): void;
  /** Writes a line to the unit's standard output, with what was printed. */
  log(...values: readonly unknown[]): void;
}

/** What the optional export `init` of a module is told, once for each worker. */
export type TaskInitContext = Pick<TaskContext, 'cores' | 'gpus' | 'host' | 'pilotJob' | 'scratch'>;

/** Marks what {@link TaskFunction} are, also those of another copy of this package. */
export const taskBrand: unique symbol = Symbol.for('pstar.task') as never;

/** Where a {@link TaskFunction} has the author's own function, which workers call without a detour. */
export const taskBody: unique symbol = Symbol.for('pstar.taskBody') as never;

/**
 * A function that is known by its module and its name there, so that it can be called on another node. `C` is
 * what it takes beside its input: of one that combines two results, the other one.
 */
export interface TaskFunction<I, O, C = TaskContext> {
  /** Calls it here and now, without any pilot. */
  (input: I, context?: C): Promise<O>;
  /** The module that exports it. */
  readonly module: URL;
  /** The name that it is exported by. */
  readonly exportName: string;
  readonly [taskBrand]: true;
}

/**
 * What a task function does. Where its input or output cannot be sent it is another type, whose difference
 * the compiler then tells.
 */
export type TaskBody<I, O, C = TaskContext> = ((input: I, context: C) => O | Promise<O>) &
  ([I] extends [Sendable<I>]
    ? [O] extends [Sendable<O>]
      ? unknown
      : (input: I, context: C) => Sendable<O> | Promise<Sendable<O>>
    : (input: Sendable<I>, context: C) => O | Promise<O>);

/** The task function of a function's type, which may be one itself; or what of it cannot be sent. */
export type TaskOf<F> = F extends (input: infer I, ...rest: infer Rest) => infer O
  ? [I] extends [Sendable<I>]
    ? [Awaited<O>] extends [Sendable<Awaited<O>>]
      ? Rest extends readonly [(infer C)?, ...(readonly unknown[])]
        ? TaskFunction<I, Awaited<O>, unknown extends C ? TaskContext : NonNullable<C>>
        : TaskFunction<I, Awaited<O>>
      : CannotBeSent<'what it returns'>
    : CannotBeSent<'its input'>
  : never;
