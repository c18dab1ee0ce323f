/** What went wrong with a file, in words that name it, the machine and what the system said. */
import { hostname } from 'node:os';
import { basename } from 'node:path';
import type { TransferProblem } from '../protocol/transfer-messages.ts';

const MISSING = ['ENOENT', 'ENOTDIR'];
/** Where writing ends so, it would with any other file. */
const OF_MACHINE = ['ENOSPC', 'EDQUOT', 'EIO'];
/** What Node says of an error of the system: `ENOSPC: no space left on device, write`. */
const SYSTEM_WORDS = /^([A-Z0-9]+: [^,]+)/;

/** A transfer that cannot go on. */
export class StagingError extends Error {
  readonly data: TransferProblem;

  constructor(data: TransferProblem) {
    super(data.problem);
    this.data = data;
  }

  /** Another attempt may succeed. */
  get isTransient(): boolean {
    return this.data.transient === true || this.data.isOfMachine === true;
  }
}

/** An error of ours: `what` has the file's name in it. */
export function stagingError(
  what: string,
  more: Omit<TransferProblem, 'problem'> = {},
): StagingError {
  return new StagingError({ problem: `${what} (on ${hostname()})`, ...more });
}

/** What is reported of an error that came up while something was done to a file. */
export function problemOf(error: unknown, doing: string, path: string): TransferProblem {
  if (error instanceof StagingError) return error.data;
  const { code, message } = error as NodeJS.ErrnoException;
  const words = SYSTEM_WORDS.exec(message)?.[1] ?? message;
  const isOf = (codes: readonly string[]): boolean => code !== undefined && codes.includes(code);
  const isRead = doing === 'read';
  return {
    problem: `${path} cannot be ${doing} on ${hostname()}: ${words}`,
    ...(isRead && isOf(MISSING) && { isMissing: true }),
    ...(!isRead && isOf(OF_MACHINE) && { isOfMachine: true }),
  };
}

/** What is reported of something that cannot be read though the directory that it is in has just listed it. */
export function problemOfEntry(error: unknown, path: string): TransferProblem {
  const { isMissing = false, ...problem } = problemOf(error, 'read', path);
  // What stands there for bytes that are no UTF-8 is not what the file system knows it by.
  if (!isMissing || !basename(path).includes('\uFFFD')) return problem;
  return stagingError(`${path} cannot be read: its name is not UTF-8`).data;
}

/** Throws what {@link problemOf} says of an error. */
export function fail(error: unknown, doing: string, path: string): never {
  throw new StagingError(problemOf(error, doing, path));
}
