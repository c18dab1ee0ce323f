/** What it means when a directory or a file of the store cannot be written. */

import { PilotError } from '../model/errors.ts';
import { messageOf } from '../model/message-of.ts';

/** Whether a disk is full, or our share of it: an error that may pass while the bytes are kept. */
export function isFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '');
}

/** `STORE_FULL` or `STORE_UNWRITABLE`, with the system's reason. */
export function storeError(cause: unknown, path: string, problem: string): PilotError {
  const reason = messageOf(cause);
  const full = isFull(cause);
  return new PilotError(full ? 'STORE_FULL' : 'STORE_UNWRITABLE', `${problem}: ${reason}`, {
    subject: path,
    hint: full
      ? 'make room there and try again'
      : 'choose another with the option store or PSTAR_HOME',
    cause,
  });
}
