/**
 * What the executor needs of whatever starts processes for it: a start, an end with its usage,
 * a signal to a group. Knows nothing of units.
 */

/** A file that the new process gets opened; the path is relative to its working directory. */
export interface FileToOpen {
  readonly path: string;
  /** As for open(2). */
  readonly flags: number;
}

/** A process to start, as leader of a process group that it begins with setsid. */
export interface Launch {
  readonly file: string;
  /** With argv[0]. */
  readonly argv: readonly string[];
  /** Laid over the launcher's base environment, the second over the first. */
  readonly environment: Readonly<Record<string, string>>;
  readonly variables: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Standard input, output and error: an open descriptor, or a file to open. */
  readonly stdio: readonly [number | FileToOpen, number | FileToOpen, number | FileToOpen];
}

/** How a process ended and what it used. */
export interface ProcessEnd {
  readonly exitCode?: number;
  readonly signal?: number;
  readonly userTime: number;
  readonly systemTime: number;
  readonly maxRss: number;
}

/** Told of every process that was started and has ended, always after its start was. */
export type EndListener = (pid: number, end: ProcessEnd) => void;

/** Starts processes; there is at most one in a program, because it reaps all of its children. */
export interface Launcher {
  readonly kind: 'posix_spawn' | 'child_process';
  readonly note?: string;
  /**
   * Calls back with 0 and the process, or with the errno that was met.
   *
   * @param isOnly whether no other start waits for this one to be under way
   */
  start(launch: Launch, started: (errno: number, pid: number) => void, isOnly: boolean): void;
  /** False when no process of the group is left. The leader must be one that has not ended yet. */
  signalGroup(leader: number, signal: number): boolean;
  /**
   * Whether a descendant may be alive that is not below any started process any more. It could
   * still write to files that it inherited.
   */
  mayHaveStrays(): boolean;
  /** Gives the file's blocks in that range back to the disk; false where that is not possible. */
  freeRange(fd: number, from: number, to: number): boolean;
  /** Takes usage from processes that will not be asked when they end; called now and then. */
  sample(pids: Iterable<number>): void;
  close(): void;
}
