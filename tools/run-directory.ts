/**
 * Gives a run of tests a temporary directory of its own, and removes it when the run is over: with what
 * tests leave that fail, and agents that are killed, and processes of vitest, whose `exit` nobody hears.
 */
import { chmod, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename } from 'node:path';
import { RUN_DIRECTORY } from '../test/clusters/base/common-directory.ts';
import { OwnedDirectories } from '../test/clusters/base/directories.ts';

const directories = new OwnedDirectories(RUN_DIRECTORY, remove);

/** What vitest calls before the tests, once for each project; gives what it calls after them. */
export async function setup(): Promise<(() => Promise<void>) | undefined> {
  if (basename(tmpdir()).startsWith(`${RUN_DIRECTORY}${process.pid}-`)) return undefined;
  const before = process.env['TMPDIR'];
  const directory = await directories.make(false);
  // As the one that it stands for: tests have programs run as nobody, too.
  await chmod(directory, 0o1777);
  process.env['TMPDIR'] = directory;
  // Those of runs that were killed. What cannot be removed, as somebody has mounted there, harms nobody.
  await directories.endLeftOver().catch(() => {});
  return async () => {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
    await remove(directory);
  };
}

function remove(directory: string): Promise<void> {
  // What is just ending may still write there.
  return rm(directory, { recursive: true, force: true, maxRetries: 5 });
}
