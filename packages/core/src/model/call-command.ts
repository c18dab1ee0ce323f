/** What a unit calls that runs no program, as its description keeps it and agents are told. */

/** How workers are kept apart: `process`, each is one; `thread`, those of a module share one; `fresh`, each call has one. */
export type IsolationKind = 'process' | 'thread' | 'fresh';

/** So long a worker may take to load a module and run its `init`: large models are read from slow disks. */
export const INIT_TIME_LIMIT_S = 30 * 60;

/** What is called where a unit runs no program: for each of the calls of a map, or once. */
export interface CallCommand {
  /** SHA-256 of the bundle's code, as hex: the agent asks for the code that it has not. */
  readonly module: string;
  readonly export: string;
  /** Of a reduce: what folds two results into one. */
  readonly combine?: { readonly module: string; readonly export: string };
  readonly isolation: IsolationKind;
  /** Calls after which a worker is replaced. */
  readonly recycleAfter?: number;
  /** Bytes: a call is ended, and its worker replaced, above them. */
  readonly memoryLimit?: number;
  /** Seconds, of each call. */
  readonly timeLimit?: number;
  /** Seconds, of a worker until it can be given calls. Default: half an hour. */
  readonly initTimeLimit?: number;
  /** Its inputs come in batches (protocol/call-messages.ts); else it is one call, of the unit's `args`. */
  readonly isMap: boolean;
  /** The name of its map, where that has one and goes on when its service is opened again. */
  readonly map?: string;
}
