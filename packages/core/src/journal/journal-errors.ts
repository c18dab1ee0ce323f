/** How the journal says what is wrong with a disk or with a file on it. */

import { PilotError } from '../model/errors.ts';
import { messageOf } from '../model/message-of.ts';
import { approximateSize } from '../model/quantity.ts';
import { isFull } from '../runtime/store-error.ts';
import type { Disk } from './disk.ts';

/** What a write that failed means, with what somebody needs to know who is to mend it. */
export async function writeError(
  cause: unknown,
  disk: Disk,
  directory: string,
  wanted: number,
): Promise<PilotError> {
  if (cause instanceof PilotError) return cause;
  if (!isFull(cause)) {
    const reason = messageOf(cause);
    return new PilotError('STORE_UNWRITABLE', `the journal cannot be written: ${reason}`, {
      subject: directory,
      hint: 'see to the disk, then open the service again by its id',
      cause,
    });
  }
  const free = await disk.freeBytes(directory).catch(() => undefined);
  const isQuota = (cause as NodeJS.ErrnoException).code === 'EDQUOT';
  const left = isQuota ? ' within the quota' : `: ${approximateSize(free ?? 0)} are free`;
  return new PilotError('STORE_FULL', `no room for ${approximateSize(wanted)}${left}`, {
    subject: directory,
    hint: 'make room there and try again',
    cause,
  });
}

/** Somebody has deleted a file of a journal that is open. */
export function deleted(path: string): PilotError {
  return new PilotError('STORE_UNWRITABLE', 'the file was deleted while it was in use', {
    subject: path,
    hint: 'what was in it is lost unless there is a copy: put that back, or begin a new service',
  });
}

/** A file is not as it was written; `offset` is where that begins to show. */
export function damaged(path: string, offset: number, what: string): PilotError {
  return new PilotError('JOURNAL_DAMAGED', `${what} at byte ${offset}`, {
    subject: path,
    hint: 'restore the directory from a copy',
  });
}

/** A part of the journal is not there. */
export function missing(path: string): PilotError {
  return new PilotError('JOURNAL_DAMAGED', 'the file is missing, and others build on it', {
    subject: path,
    hint: 'restore the directory from a copy',
  });
}

/** There is no journal where a service has had one. */
export function gone(directory: string): PilotError {
  return new PilotError('JOURNAL_DAMAGED', 'the files of the journal are gone', {
    subject: directory,
    hint: 'restore the directory from a copy; to begin anew, remove that of the service',
  });
}

/** A file was not written by anything of ours. */
export function foreign(path: string): PilotError {
  return new PilotError('JOURNAL_VERSION', 'this is no journal of pstar', {
    subject: path,
    hint: 'open another directory',
  });
}

/** A file was written by a newer program, in another format or with records that mean other things. */
export function newer(
  path: string,
  what: 'format' | 'records',
  found: number,
  supported: number,
): PilotError {
  const problem = `written in version ${found} of the ${what}; this program reads up to ${supported}`;
  return new PilotError('JOURNAL_VERSION', problem, {
    subject: path,
    hint: 'open it with the newer pstar that wrote it; there is no way back to an older one',
  });
}

/** A journal of ours, but of another kind of service. */
export function otherKind(path: string, found: string, wanted: string): PilotError {
  return new PilotError('JOURNAL_VERSION', `a journal of kind '${found}', not '${wanted}'`, {
    subject: path,
    hint: 'open it with what wrote it, or open another directory',
  });
}
