/**
 * What the agent asks of whoever calls functions, and what it hears back: plain data and callbacks,
 * beside {@link UnitRun} for processes. Values are opaque bytes.
 */
import type { OutputPart, OutputStream, UnitOutcome } from '../executor/unit-run.ts';
import type { IsolationKind } from '../model/call-command.ts';
import type { CallProblem } from '../model/call-problem.ts';

/** An attempt of a unit that calls functions: one call, or the batches of a map. */
export interface CallRun {
  /** The caller's handle, unique among live runs of both kinds. */
  readonly key: number;
  /** The bundle's file; it is there. A source map may be beside it. */
  readonly module: string;
  readonly export: string;
  /** Of a reduce: what folds two results into one. */
  readonly combine?: { readonly module: string; readonly export: string } | undefined;
  readonly isolation: IsolationKind;
  /** Of the worker's process, over the executor's base environment. A worker serves only runs with the same. */
  readonly environment: Readonly<Record<string, string>>;
  /** What differs from run to run, set in a worker for each: PSTAR_UNIT_ID and its like, the devices. */
  readonly variables: Readonly<Record<string, string>>;
  readonly cores: readonly number[];
  readonly gpus: readonly string[];
  /** Absolute; made when a call wants it, and removed. */
  readonly scratch: string;
  /** Of one call. */
  readonly timeLimitMs?: number | undefined;
  /** Of a worker until it can be given calls: to load the module, and for `init`. */
  readonly initTimeLimitMs?: number | undefined;
  /** A worker is replaced after so many calls. */
  readonly recycleAfter?: number | undefined;
  /** A call is ended, and a worker replaced, above so many bytes of memory. */
  readonly memoryLimit?: number | undefined;
  /** Between the abort of a call and the end of its worker. */
  readonly graceMs: number;
  /** A map's unit takes batches until {@link CallExecutor.finish}; a single call is its only batch. */
  readonly isMap: boolean;
}

/** Calls that are to be done in one go. */
export interface Batch {
  readonly batch: number;
  readonly kind: 'calls' | 'combine';
  readonly first: number;
  readonly count: number;
  readonly round: number;
  /** A structured clone: the list of inputs; of a single call, what `spliceArgs` has made of its arguments. */
  readonly data: Uint8Array;
  /** The list is one call's arguments, not the inputs of several calls. */
  readonly isSpread?: boolean;
}

/** What became of calls; see `results` in the protocol, which it is made for. */
export interface BatchResult {
  readonly batch: number;
  readonly first: number;
  readonly count: number;
  readonly ms: number;
  readonly isLast: boolean;
  readonly problems: readonly CallProblem[];
  /** A structured clone of the list of values, `undefined` for calls with problems. Empty where they were folded. */
  readonly data: Uint8Array;
  /** Of a reduce: a worker has ended, and what was folded before these calls is lost. */
  readonly isFoldLost?: boolean;
}

/** Where calls are reported; never from within a call of the executor's own methods. */
export interface CallEvents {
  /** A worker is there and has run `init`; batches are welcome. Not called for a run that never got one. */
  started(key: number, at: number): void;
  results(key: number, result: BatchResult): void;
  /** The last event of a run, after {@link CallExecutor.finish} or {@link CallExecutor.terminate}, or where it can have no worker at all. */
  ended(key: number, outcome: UnitOutcome): void;
  progress(key: number, fraction: number | undefined, message: string, at: number): void;
  output(key: number, stream: OutputStream, part: OutputPart): void;
}

/** Keeps workers warm and has them call functions. */
export interface CallExecutor {
  run(run: CallRun): void;
  /** Queues a batch; batches of a run are done in order, one after the other. */
  call(key: number, batch: Batch): void;
  /** Takes back those that were not begun; says which. */
  drop(key: number, batches: readonly number[]): readonly number[];
  /**
   * Of a reduce: hands over what was folded so far, as the result of that batch number, once what was queued before is
   * done: a list of one, or no call at all where nothing was folded. A batch of the kind `combine` is a list of such.
   */
  fold(key: number, batch: number): void;
  /** The run ends, well, once its batches are done; the worker stays for others. */
  finish(key: number): void;
  /**
   * The call under way is aborted, and ended after the grace of the run, or the agent's if that is less. Without
   * one of the agent's the run is canceled: a call that has not asked for its signal is then ended very soon.
   */
  terminate(key: number, graceMs?: number): void;
  /** As {@link Executor.watch}. */
  watch(key: number, stream: OutputStream, on: boolean): void;
  /** Whether it has the run, or what that has written. */
  knows(key: number): boolean;
  close(graceMs: number): Promise<void>;
}
