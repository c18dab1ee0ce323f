/** How an attempt of a work unit ended, and what of it another attempt may cure. */

/** Why an attempt failed; the index travels on the wire and in the journal, so only ever append. */
export const FAILURE_REASONS = [
  'NONE',
  'EXIT_CODE',
  'SIGNAL',
  'TIME_LIMIT',
  'EXECUTABLE_NOT_FOUND',
  'EXECUTABLE_NOT_PERMITTED',
  'WORKING_DIRECTORY_NOT_FOUND',
  'INPUT_NOT_FOUND',
  'OUTPUT_NOT_WRITABLE',
  'SPAWN_FAILED',
  'PILOT_LOST',
  'CRASH_LIMIT',
  'STAGING_FAILED',
  'STAGING_INTERRUPTED',
  'CALL_FAILED',
  'DESCRIPTION_INVALID',
] as const;

/**
 * Why an attempt failed; `NONE` when it did not.
 *
 * STAGING_INTERRUPTED is what STAGING_FAILED is where another attempt may succeed: a file has changed
 * while it was read, or the node's disk is full. CALL_FAILED: a function threw, or has taken its worker
 * along. DESCRIPTION_INVALID: an older version has taken what no agent can be told.
 */
export type FailureReason = (typeof FAILURE_REASONS)[number];

const RETRYABLE: ReadonlySet<FailureReason> = new Set<FailureReason>([
  'EXIT_CODE',
  'SIGNAL',
  'TIME_LIMIT',
  'SPAWN_FAILED',
  'STAGING_INTERRUPTED',
  'CALL_FAILED',
]);

/** Whether the same unit, started again unchanged, may succeed: a path that is not there never will. */
export function isRetryable(reason: FailureReason): boolean {
  return RETRYABLE.has(reason);
}

/** What a unit's processes have used, all of them and their waited-for descendants together. */
export interface ResourceUsage {
  /** Seconds of processor time in user mode. */
  readonly userTime: number;
  /** Seconds of processor time in the kernel. */
  readonly systemTime: number;
  /**
   * The largest resident set that any one of them had, in bytes. Linux counts from before the program was
   * loaded: it is never less than what the agent had then, about 60 MB, also where the program needs less.
   */
  readonly maxRss: number;
}

/** How the last attempt of a work unit ended. */
export interface WorkUnitExit {
  /** Absent when a signal or a problem ended it. */
  readonly exitCode?: number;
  /** The name of the signal that ended it, like `SIGKILL`. */
  readonly signal?: string;
  /** Absent when it succeeded. */
  readonly reason?: FailureReason;
  /** What was wrong, in the words of whoever found it: names the path or the limit. */
  readonly problem?: string;
  /** The end of its standard error, when that was not written to a file. */
  readonly stderrTail?: string;
  /** By the clock of the node, which is not corrected: it may be ahead of this machine's, or behind it. */
  readonly startedAt: Date;
  /** By the clock of the node, as when it was started. */
  readonly finishedAt: Date;
  readonly rusage: ResourceUsage;
  readonly host: string;
  /**
   * Which attempt this was, counted from 1: each time that it was given to a pilot counts, also where it
   * was taken back before it began. So the first that began may have a higher number.
   */
  readonly attempt: number;
}

/** Says in half a sentence how an attempt ended: `exited with code 3`. */
export function describeExit({
  exitCode,
  signal,
  reason,
  problem,
}: Pick<WorkUnitExit, 'exitCode' | 'signal' | 'reason' | 'problem'>): string {
  if (problem) return problem;
  if (reason === 'TIME_LIMIT') return 'reached its wallTimeLimit and was terminated';
  if (signal) return `was ended by ${signal}`;
  if (exitCode !== undefined) return `exited with code ${exitCode}`;
  return reason && reason !== 'NONE' ? `failed with ${reason}` : 'ended';
}
