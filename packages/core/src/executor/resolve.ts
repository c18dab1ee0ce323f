/** Finds executables, and says in which form it is told that a process cannot be started. */
import { accessSync, constants, type Stats, statSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { FAILURE_REASONS, type FailureReason } from '../model/exit.ts';
import { printable } from '../model/printable.ts';

/** Where execvp looks when there is no PATH. */
export const DEFAULT_PATH = '/usr/local/bin:/usr/bin:/bin';

/** Why a run could not begin. */
export interface StartProblem {
  /** An index into FAILURE_REASONS. */
  readonly reason: number;
  /** With the path in it. */
  readonly problem: string;
  /** It would be the same with any other unit, until the node has what it lacks. */
  readonly isOfNode?: true;
}

/** Nothing can be started here, whatever it is. */
export function nodeProblem(problem: string): StartProblem {
  return { ...startProblem('SPAWN_FAILED', problem), isOfNode: true };
}

/** Why it failed, as it travels. */
export function startProblem(reason: FailureReason, problem: string): StartProblem {
  // On one line, whatever a path has in it.
  const line = printable(problem).replaceAll('\n', '\\n');
  return { reason: FAILURE_REASONS.indexOf(reason), problem: line };
}

/**
 * Undefined for what is not there, or behind a directory that may not be entered. That it is not
 * there is what output files are asked about: as an exception it cost 30 µs each.
 */
export function look(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function isExecutableFile(path: string): boolean {
  if (!look(path)?.isFile()) return false;
  return isAccessible(path, constants.X_OK);
}

/** Whether the file may be used so. */
export function isAccessible(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}

/** Looks names up on PATH, as execvp does, and remembers what it found. */
export class ExecutableFinder {
  readonly #found = new Map<string, string>();

  /** The file to execute; undefined if there is none. A name with a slash is a path already. */
  find(name: string, path: string, cwd: string): string | undefined {
    if (name.includes('/')) return name;
    const query = `${name}\0${path}`;
    const known = this.#found.get(query);
    if (known !== undefined) return known;
    for (const directory of path.split(':')) {
      const candidate = join(resolve(cwd, directory), name);
      if (!isExecutableFile(candidate)) continue;
      // What a relative directory holds differs from one working directory to the next.
      if (isAbsolute(directory)) this.#found.set(query, candidate);
      return candidate;
    }
    return undefined;
  }

  /** Forgets everything: a remembered file was not there. */
  forget(): void {
    this.#found.clear();
  }
}

/** There is no such file, or nothing of that name on PATH. */
export function executableNotFound(executable: string, where: string): StartProblem {
  const problem = `${executable}: not found${placeOf(executable, where)}`;
  return startProblem('EXECUTABLE_NOT_FOUND', problem);
}

function placeOf(executable: string, where: string): string {
  if (!executable.includes('/')) return ` on PATH (${where})`;
  if (isAbsolute(executable)) return '';
  // Without a directory of its own it is in a sandbox, where nothing is but what was brought.
  return ` (${where}); set its workingDirectory, write an absolute path, or bring it by fileTransfer`;
}
