/** What an agent and its workers tell each other, and what a worker is started with. */
import type { CallProblem } from '../model/call-problem.ts';

/** The file that a worker is started with, and in whose place it then leaves its marks; see mark.ts. */
export interface WorkerSettings {
  readonly worker: number;
  readonly socket: string;
  /** Shown to the agent: nobody else may be one of its workers. */
  readonly token: string;
  readonly host: string;
  readonly pilotJob: string;
  /** What it calls; without, it holds the threads of workers. */
  readonly load?: {
    readonly module: string;
    readonly export: string;
    readonly cores: readonly number[];
    readonly gpus: readonly string[];
    readonly scratch: string;
  };
}

/** A function, by its bundle and its name there. */
export interface FunctionName {
  readonly module: string;
  readonly export: string;
}

/** Calls of a batch, from one to before another, as numbers within the batch. */
export interface Piece {
  /** Counted by the agent, so that a mark tells which one it is of. */
  readonly piece: number;
  readonly from: number;
  readonly to: number;
}

/** To a worker. */
export type ToWorker =
  /** What comes after is for another run. */
  | {
      readonly type: 'run';
      readonly function: FunctionName;
      readonly combine?: FunctionName | undefined;
      readonly variables: Readonly<Record<string, string>>;
      readonly cores: readonly number[];
      readonly gpus: readonly string[];
      readonly scratch: string;
      readonly memoryLimit?: number | undefined;
    }
  /** Calls; the bytes are all of the batch's. */
  | ({
      readonly type: 'calls';
      readonly kind: 'calls' | 'combine';
      readonly first: number;
      readonly round: number;
      readonly isSpread: boolean;
    } & Piece)
  /** What was folded is wanted, and is forgotten. */
  | { readonly type: 'fold'; readonly piece: number }
  /** The bytes are what another worker has folded before. */
  | { readonly type: 'folded' }
  /** The call that is under way is not wanted any more, nor those after it. */
  | { readonly type: 'abort' }
  /** There is nothing more to do. */
  | { readonly type: 'leave' }
  /** A thread is to begin, with a file of settings as a process would. */
  | {
      readonly type: 'thread';
      readonly worker: number;
      readonly file: string;
      readonly heapMb?: number;
      readonly variables: Readonly<Record<string, string>>;
    }
  | { readonly type: 'end-thread'; readonly worker: number };

/** What is wrong with a call, on its way from a worker. */
export type ToldProblem = Omit<CallProblem, 'thrown'> & {
  /** In base64. */
  readonly thrown?: string;
};

/** From a worker. */
export type FromWorker =
  | {
      readonly type: 'hello';
      readonly worker: number;
      readonly token: string;
      readonly pid: number;
    }
  /** The module is loaded, and `init` has run. */
  | { readonly type: 'ready' }
  /** That is not so, and never will be: it is told to leave. */
  | { readonly type: 'unfit'; readonly problem: ToldProblem }
  /** The functions of the run are there, or one is not. */
  | { readonly type: 'run-ready'; readonly problem?: ToldProblem }
  /** Calls are over, from one on; the bytes are their values. */
  | {
      readonly type: 'results';
      readonly piece: number;
      readonly from: number;
      readonly count: number;
      readonly ms: number;
      readonly problems: readonly ToldProblem[];
      /** No more of this piece comes: all of it was done, or it takes too much memory. */
      readonly isOver: boolean;
      readonly isFull?: boolean;
      /** Microseconds of processor time since the run began, and KiB. */
      readonly usage?: readonly [user: number, system: number, maxRss: number];
    }
  /** The bytes are what was folded, none if nothing was, or if it cannot be sent. */
  | {
      readonly type: 'folded';
      readonly piece: number;
      readonly isEmpty: boolean;
      readonly problem?: ToldProblem;
    }
  | { readonly type: 'output'; readonly stream: 'stdout' | 'stderr' }
  | { readonly type: 'progress'; readonly fraction?: number | undefined; readonly message: string }
  /** It ends, and why as far as it knows; `problem` is of the call that was under way. */
  | { readonly type: 'dying'; readonly piece?: number; readonly problem?: ToldProblem }
  | {
      readonly type: 'thread-ended';
      readonly worker: number;
      readonly exitCode: number;
      readonly problem?: string;
      readonly isOutOfMemory?: boolean;
    };
