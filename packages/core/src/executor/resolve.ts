/**
 * Finds executables, and finds out afterwards why a process could not be started: the system says
 * "no such file" alike of the executable, the working directory and the files to open.
 */
import { accessSync, constants, type Stats, statSync } from 'node:fs';
import { constants as system } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { getSystemErrorMap } from 'node:util';
import { FAILURE_REASONS, type FailureReason } from '../model/exit.ts';
import { printable } from '../model/printable.ts';
import type { FileToOpen, Launch } from './launcher.ts';

/** Where execvp looks when there is no PATH. */
export const DEFAULT_PATH = '/usr/local/bin:/usr/bin:/bin';
/** Names that each process finds its own open files by. */
const OWN_DESCRIPTOR = /^\/dev\/(std(in|out|err)|fd\/\d+)$|^\/proc\/(self|thread-self)\/fd\/\d+$/;
const { E2BIG, EACCES, EAGAIN, EMFILE, ENFILE, ENOENT, ENOMEM, ENOTDIR } = system.errno;
/** What the node lacks for one more process. */
const LACKS: ReadonlyMap<number, string> = new Map([
  [EAGAIN, 'process'],
  [ENOMEM, 'process'],
  [EMFILE, 'open file'],
  [ENFILE, 'open file'],
]);

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
function look(path: string): Stats | undefined {
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

function isAccessible(path: string, mode: number): boolean {
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

/** Why a launch came back with `errno`; `executable` is the name that the user knows. */
export function diagnose(errno: number, launch: Launch, executable: string): StartProblem {
  if (errno === E2BIG)
    return startProblem(
      'SPAWN_FAILED',
      `${executable}: its arguments and environment are too long`,
    );
  const lacks = LACKS.get(errno);
  if (lacks !== undefined)
    return nodeProblem(`${executable}: the node refuses one more ${lacks} (${say(errno)})`);
  const { cwd, stdio } = launch;
  return (
    workingDirectoryProblem(cwd) ??
    inputProblem(cwd, stdio[0]) ??
    outputProblem(cwd, stdio[1]) ??
    outputProblem(cwd, stdio[2]) ??
    executableProblem(errno, launch, executable)
  );
}

/**
 * A named pipe among the launch's files: to open one waits for its other end, perhaps for ever, and
 * with it would a thread that other starts need (four such units would stop an agent).
 */
export function pipeProblem({ cwd, stdio }: Launch): StartProblem | undefined {
  for (const [fd, file] of stdio.entries()) {
    if (typeof file === 'number') continue;
    const path = resolve(cwd, file.path);
    if (!look(path)?.isFIFO()) continue;
    const reason = fd === 0 ? 'INPUT_NOT_FOUND' : 'OUTPUT_NOT_WRITABLE';
    const which = fd === 0 ? 'input' : 'output';
    return startProblem(
      reason,
      `${which} file ${path} is a named pipe: let the program open it itself`,
    );
  }
  return undefined;
}

function say(errno: number): string {
  return getSystemErrorMap().get(-errno)?.[1] ?? `errno ${errno}`;
}

function workingDirectoryProblem(cwd: string): StartProblem | undefined {
  const problem = (text: string): StartProblem =>
    startProblem('WORKING_DIRECTORY_NOT_FOUND', `working directory ${cwd} ${text}`);
  const found = look(cwd);
  if (!found) return problem('does not exist');
  if (!found.isDirectory()) return problem('is no directory');
  return isAccessible(cwd, constants.X_OK) ? undefined : problem('may not be entered');
}

function inputProblem(cwd: string, source: number | FileToOpen): StartProblem | undefined {
  if (typeof source === 'number') return undefined;
  const path = resolve(cwd, source.path);
  const problem = (text: string): StartProblem =>
    startProblem('INPUT_NOT_FOUND', `input file ${path} ${text}`);
  if (!look(path)) return problem('does not exist');
  return isAccessible(path, constants.R_OK) ? undefined : problem('may not be read');
}

function outputProblem(cwd: string, target: number | FileToOpen): StartProblem | undefined {
  if (typeof target === 'number') return undefined;
  const path = resolve(cwd, target.path);
  const problem = (text: string): StartProblem =>
    startProblem('OUTPUT_NOT_WRITABLE', `output file ${path} ${text}`);
  const found = look(path);
  if (found?.isDirectory()) return problem('is a directory');
  if (found) return isAccessible(path, constants.W_OK) ? undefined : problem('may not be written');
  const directory = dirname(path);
  if (!look(directory)?.isDirectory())
    return problem(`cannot be made: there is no directory ${directory}`);
  return isAccessible(directory, constants.W_OK)
    ? undefined
    : problem(`cannot be made: ${directory} may not be written`);
}

/** The file of a launch that was nothing where it was opened: there, none of these descriptors are. */
function descriptorProblem({ cwd, stdio }: Launch): StartProblem | undefined {
  for (const [fd, file] of stdio.entries()) {
    if (typeof file === 'number') continue;
    const path = resolve(cwd, file.path);
    if (!OWN_DESCRIPTOR.test(path)) continue;
    const reason = fd === 0 ? 'INPUT_NOT_FOUND' : 'OUTPUT_NOT_WRITABLE';
    const which = fd === 0 ? 'input' : 'output';
    return startProblem(
      reason,
      `${which} file ${path} is an open file of whoever looks there: name a file instead`,
    );
  }
  return undefined;
}

function executableProblem(errno: number, launch: Launch, executable: string): StartProblem {
  const file = resolve(launch.cwd, launch.file);
  const found = look(file);
  if (!found || errno === ENOTDIR) return executableNotFound(executable, file);
  if (found.isDirectory())
    return startProblem('EXECUTABLE_NOT_PERMITTED', `${file} is a directory`);
  if (errno === ENOENT)
    return (
      descriptorProblem(launch) ??
      startProblem('EXECUTABLE_NOT_FOUND', `${file}: the interpreter that it names does not exist`)
    );
  if (errno === EACCES)
    return startProblem('EXECUTABLE_NOT_PERMITTED', `${file} may not be executed`);
  return startProblem('SPAWN_FAILED', `${file} could not be started: ${say(errno)}`);
}

/** There is no such file, or nothing of that name on PATH. */
export function executableNotFound(executable: string, where: string): StartProblem {
  const place = executable.includes('/')
    ? executable === where
      ? ''
      : ` (${where})`
    : ` on PATH (${where})`;
  return startProblem('EXECUTABLE_NOT_FOUND', `${executable}: not found${place}`);
}
