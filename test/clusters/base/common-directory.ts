/** Where programs of this machine find each other's directories, and what one was killed over. */
import { tmpdir } from 'node:os';
import { basename, dirname } from 'node:path';

/** What the name of the temporary directory of a run of tests begins with: see tools/run-directory.ts. */
export const RUN_DIRECTORY = 'pstar-run-';

/** The temporary directory; of a run of tests, which has one of its own, that of the machine. */
export function commonDirectory(): string {
  const own = tmpdir();
  return basename(own).startsWith(RUN_DIRECTORY) ? dirname(own) : own;
}
