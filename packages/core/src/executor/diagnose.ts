/**
 * Finds out why a process could not be started: the system says "no such file" alike of the
 * executable, its interpreter, the working directory and the files to open, and does not say of which.
 */
import {
  closeSync,
  lstatSync,
  constants as modes,
  openSync,
  readlinkSync,
  readSync,
} from 'node:fs';
import { constants as system } from 'node:os';
import { dirname, resolve } from 'node:path';
import { getSystemErrorMap } from 'node:util';
import { written } from '../model/written.ts';
import type { FileToOpen, Launch } from './launcher.ts';
import {
  executableNotFound,
  isAccessible,
  look,
  nodeProblem,
  type StartProblem,
  startProblem,
} from './resolve.ts';

/** Names that each process finds its own open files by. */
const OWN_DESCRIPTOR = /^\/dev\/(std(in|out|err)|fd\/\d+)$|^\/proc\/(self|thread-self)\/fd\/\d+$/;
const { E2BIG, EACCES, EAGAIN, EIO, EMFILE, ENFILE, ENOENT, ENOMEM, ENOTDIR } = system.errno;
/** What the node lacks for one more process. */
const LACKS: ReadonlyMap<number, string> = new Map([
  [EAGAIN, 'process'],
  [ENOMEM, 'process'],
  [EMFILE, 'open file'],
  [ENFILE, 'open file'],
]);
/** So much of a file Linux reads for the name of its interpreter. */
const FIRST_LINE_BYTES = 256;
/** As many links one after another as Linux follows. */
const MOST_LINKS = 40;

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
  // In the order in which they are used: what comes after the one that failed was not tried.
  return (
    workingDirectoryProblem(launch.cwd) ??
    streamProblem(errno, launch, 0, executable) ??
    streamProblem(errno, launch, 1, executable) ??
    streamProblem(errno, launch, 2, executable) ??
    executableProblem(errno, launch, executable)
  );
}

/**
 * What among the launch's files must not be opened: a named pipe, where that waits for its other end,
 * perhaps for ever, and with it would a thread that other starts need (four such units would stop an
 * agent); and a directory as input, which opens, and then cannot be read.
 */
export function refusedFile({ cwd, stdio }: Launch): StartProblem | undefined {
  for (const [fd, file] of stdio.entries()) {
    if (typeof file === 'number') continue;
    const path = resolve(cwd, file.path);
    const found = look(path);
    if (found?.isFIFO())
      return streamRefusal(fd, path, 'is a named pipe: let the program open it itself');
    if (fd === 0 && found?.isDirectory()) return streamRefusal(fd, path, 'is a directory');
  }
  return undefined;
}

function streamRefusal(fd: number, path: string, text: string): StartProblem {
  return fd === 0
    ? startProblem('INPUT_NOT_FOUND', `input file ${path} ${text}`)
    : startProblem('OUTPUT_NOT_WRITABLE', `output file ${path} ${text}`);
}

/** With its name, which can be looked up. */
function say(errno: number): string {
  const [name, message] = getSystemErrorMap().get(-errno) ?? [];
  return name === undefined ? `errno ${errno}` : `${message} (${name})`;
}

function workingDirectoryProblem(cwd: string): StartProblem | undefined {
  const problem = (text: string): StartProblem =>
    startProblem('WORKING_DIRECTORY_NOT_FOUND', `working directory ${cwd} ${text}`);
  const found = look(cwd);
  if (!found) return problem(closedAbove(cwd) ?? 'does not exist');
  if (!found.isDirectory()) return problem('is no directory');
  return isAccessible(cwd, modes.X_OK) ? undefined : problem('may not be entered');
}

/** What keeps everybody from whatever is there; undefined if nothing does. */
function closedAbove(path: string): string | undefined {
  const above = dirname(path);
  if (above === path) return undefined;
  const higher = closedAbove(above);
  if (higher !== undefined) return higher;
  if (!look(above)?.isDirectory() || isAccessible(above, modes.X_OK)) return undefined;
  return `cannot be reached: ${above} may not be entered`;
}

/** Opens it again, to hear what that says; nothing is made or emptied by it. */
function streamProblem(
  errno: number,
  launch: Launch,
  fd: 0 | 1 | 2,
  executable: string,
): StartProblem | undefined {
  const file = launch.stdio[fd];
  if (typeof file === 'number') return undefined;
  const path = resolve(launch.cwd, file.path);
  // Where it was opened it named something else.
  if (OWN_DESCRIPTOR.test(path)) return descriptorProblem(errno, launch, fd, path, executable);
  const target = endOfLinks(path);
  const isThere = look(path) !== undefined;
  const refused = refusalOf(path, file, isThere);
  if (refused === 0) return undefined;
  const problem = (text: string): StartProblem =>
    streamRefusal(fd, path === target ? path : `${path}, a link to ${target},`, text);
  const closed = closedAbove(target);
  if (closed !== undefined) return problem(closed);
  if (fd === 0) return problem(inputTrouble(path, isThere, refused));
  // One that is not there was to be made, and would be there if that had not failed.
  return problem(isThere ? outputTrouble(path, refused) : makingTrouble(target, refused, errno));
}

/** The errno of opening it as it was opened, 0 if it opens. */
function refusalOf(path: string, { flags }: FileToOpen, isThere: boolean): number {
  const kept = isThere ? flags : flags & ~modes.O_CREAT;
  try {
    closeSync(openSync(path, (kept & ~modes.O_TRUNC) | modes.O_NONBLOCK | modes.O_NOCTTY));
    return 0;
  } catch (error) {
    return Math.abs((error as NodeJS.ErrnoException).errno ?? EIO);
  }
}

function inputTrouble(path: string, isThere: boolean, refused: number): string {
  if (!isThere && (refused === ENOENT || refused === ENOTDIR)) return 'does not exist';
  const mayBeRead = !isThere || isAccessible(path, modes.R_OK);
  return mayBeRead ? `cannot be opened: ${say(refused)}` : 'may not be read';
}

function outputTrouble(path: string, refused: number): string {
  if (look(path)?.isDirectory()) return 'is a directory';
  const mayBeWritten = isAccessible(path, modes.W_OK);
  return mayBeWritten ? `cannot be opened: ${say(refused)}` : 'may not be written';
}

function makingTrouble(path: string, refused: number, errno: number): string {
  const directory = dirname(path);
  if (refused !== ENOENT && refused !== ENOTDIR) return `cannot be opened: ${say(refused)}`;
  if (!look(directory)?.isDirectory()) return `cannot be made: there is no directory ${directory}`;
  if (!isAccessible(directory, modes.W_OK))
    return `cannot be made: ${directory} may not be written`;
  return `cannot be made in ${directory}: ${say(errno)}`;
}

/** What the last part of a path leads to, be it there or not; the path itself where it leads nowhere. */
function endOfLinks(path: string): string {
  let end = path;
  for (let count = 0; count < MOST_LINKS; count++) {
    try {
      if (!lstatSync(end, { throwIfNoEntry: false })?.isSymbolicLink()) return end;
      end = resolve(dirname(end), readlinkSync(end));
    } catch {
      return end;
    }
  }
  return path;
}

/** There, none of these descriptors are. */
function descriptorProblem(
  errno: number,
  launch: Launch,
  fd: number,
  path: string,
  executable: string,
): StartProblem | undefined {
  if (errno !== ENOENT) return undefined;
  const file = resolve(launch.cwd, launch.file);
  if (!look(file)) return executableNotFound(executable, file);
  return streamRefusal(fd, path, 'is an open file of whoever looks there: name a file instead');
}

function executableProblem(errno: number, launch: Launch, executable: string): StartProblem {
  const file = resolve(launch.cwd, launch.file);
  const found = look(file);
  if (!found) {
    const closed = closedAbove(file);
    return closed === undefined
      ? executableNotFound(executable, file)
      : startProblem('EXECUTABLE_NOT_PERMITTED', `${file} ${closed}`);
  }
  if (found.isDirectory())
    return startProblem('EXECUTABLE_NOT_PERMITTED', `${file} is a directory`);
  if (errno === ENOENT || errno === ENOTDIR)
    return startProblem('EXECUTABLE_NOT_FOUND', `${file}: ${interpreterTrouble(file)}`);
  if (errno !== EACCES)
    return startProblem('SPAWN_FAILED', `${file} could not be started: ${say(errno)}`);
  const interpreter = isAccessible(file, modes.X_OK) ? interpreterOf(file) : undefined;
  return startProblem(
    'EXECUTABLE_NOT_PERMITTED',
    interpreter === undefined
      ? `${file} may not be executed`
      : `${file}: its interpreter ${written(interpreter)} may not be executed`,
  );
}

function interpreterTrouble(file: string): string {
  const interpreter = interpreterOf(file);
  if (interpreter === undefined) return 'the loader that it was built for does not exist here';
  const text = `its interpreter ${written(interpreter)} does not exist`;
  return interpreter.endsWith('\r')
    ? `${text}: its lines end as on Windows; write them with dos2unix`
    : text;
}

/** What a script names in its first line; undefined for what is none, or cannot be read. */
function interpreterOf(file: string): string | undefined {
  try {
    const fd = openSync(file, modes.O_RDONLY | modes.O_NONBLOCK);
    try {
      const bytes = Buffer.alloc(FIRST_LINE_BYTES);
      const text = bytes.toString('utf8', 0, readSync(fd, bytes));
      return /^#![ \t]*([^ \t\n]+)/.exec(text)?.[1];
    } finally {
      closeSync(fd);
    }
  } catch {
    return undefined;
  }
}
