/**
 * What the agent asks of an executor and what it hears back. Plain data and callbacks: how
 * processes are started is hidden below, why they are is decided above.
 */

/** One attempt of one unit, ready to start. */
export interface UnitRun {
  /** The caller's handle, unique among live runs. */
  readonly key: number;
  /** A path, or a name to look up on the unit's PATH. */
  readonly executable: string;
  readonly arguments: readonly string[];
  /** The unit's own, laid over the executor's base environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** Set by the agent over everything else: PSTAR_UNIT_ID, PSTAR_ATTEMPT and their like. */
  readonly variables: Readonly<Record<string, string>>;
  /** Absolute; created, and used, when `workingDirectory` is absent. */
  readonly sandbox: string;
  /** Absolute or relative to the executor's root; must exist. */
  readonly workingDirectory?: string | undefined;
  /** These three are relative to the working directory. */
  readonly input?: string | undefined;
  readonly output?: string | undefined;
  readonly error?: string | undefined;
  /**
   * Where files were brought for it: puts them in their places. Called once, when its directory is
   * there and before anything is started; an error that it throws is why staging has failed, and says
   * with `isTransient` that another attempt may succeed.
   */
  readonly place?: ((directory: string) => void) | undefined;
  /** Its sandbox stays until {@link Executor.release}: its files are fetched from there. */
  readonly isKept?: boolean | undefined;
  /** Whether the sandbox goes afterwards; `'default'`: only if it is empty. */
  readonly cleanup: boolean | 'default';
  /** How many instances to start; each sees its number as PSTAR_RANK. The unit ends when all have. */
  readonly processes: number;
  readonly wallTimeLimitMs?: number | undefined;
  /** Between SIGTERM and SIGKILL. */
  readonly graceMs: number;
}

/** The two streams that can be watched. */
export type OutputStream = 'stdout' | 'stderr';

/** So many bytes of a stream are not there any more. */
export interface MissedOutput {
  readonly missed: number;
}

/**
 * What comes of a watched stream: a piece of it, or, in the place of one, how much of it is missing; without one,
 * its end; or that what was in it is not kept.
 */
export type OutputPart = Uint8Array | MissedOutput | 'not-kept' | undefined;

/** What is kept of a stream: the last of it. */
export interface KeptOutput {
  /** So much was before it. */
  readonly missed: number;
  readonly bytes: Buffer;
}

/** How a run ended. */
export interface UnitOutcome {
  /** Of the first instance that failed, otherwise 0; absent when a signal or a problem ended it. */
  readonly exitCode?: number;
  readonly signal?: number;
  /** An index into FAILURE_REASONS. */
  readonly reason: number;
  /** What was wrong, with the path or the limit in it. */
  readonly problem?: string;
  /**
   * Nothing could be started here for half a minute, whatever it was: it was not the unit's fault, and the
   * next one will fare no better.
   */
  readonly isOfNode?: true;
  /** The last 4 KiB of what a failed unit wrote to its standard error. */
  readonly stderrTail?: string;
  /** The streams that it has written to, or that are files of its own; absent where there are none. */
  readonly wrote?: readonly OutputStream[];
  /** Whether terminate() was called for it, however it ended. */
  readonly terminated: boolean;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly finishedAt: number;
  /** Seconds of processor time, of all instances and what they waited for. */
  readonly userTime: number;
  readonly systemTime: number;
  /**
   * KiB, of the largest process. Linux carries the parent's mark over an exec, so it is never
   * less than what the agent itself takes up.
   */
  readonly maxRss: number;
}

/** Where an executor reports; never from within a call of its own methods. They must not throw. */
export interface ExecutorEvents {
  /** Not called for a run that never started. */
  started(key: number, at: number): void;
  /** The last event of a run, but for output of a file that is still being read. */
  ended(key: number, outcome: UnitOutcome): void;
  progress(key: number, fraction: number | undefined, message: string, at: number): void;
  /** Nothing more comes of the stream after its end, or after it was said not to be kept. */
  output(key: number, stream: OutputStream, part: OutputPart): void;
}

/** Starts, watches and ends the processes of units. */
export interface Executor {
  readonly launcher: 'posix_spawn' | 'child_process' | 'null';
  /** Why it is not the fast launcher. */
  readonly launcherNote?: string;
  run(run: UnitRun): void;
  /**
   * SIGTERM, a grace, SIGKILL, for the whole tree; harmless for a run that is over. The grace is
   * the run's own, or less.
   */
  terminate(key: number, graceMs?: number): void;
  /**
   * Begins or stops to report a stream, from its beginning as far as that is still kept: a
   * mebibyte of output, for live runs and the last ones that ended. Of one that is over, and of which
   * nothing is known any more, it is said that it is not kept: of those that wrote nothing, too.
   */
  watch(key: number, stream: OutputStream, on: boolean): void;
  /** The sandbox of a run that is over is not needed any more. */
  release(run: UnitRun): void;
  /** Ends every process it ever started, with all their descendants, and tidies up. */
  close(graceMs: number): Promise<void>;
}
