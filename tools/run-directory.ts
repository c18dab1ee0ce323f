/**
 * Gives a run of tests a temporary directory of its own, and removes it when the run is over: with what
 * tests leave that fail, and agents that are killed, and processes of vitest, whose `exit` nobody hears.
 * Whatever was started with that directory and still lives is killed before, and what is mounted there
 * unmounted: an agent, or a disk, of a test that could not end it.
 */
import { chmod, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename } from 'node:path';
import { processesWith, signalProcess } from '../packages/core/src/adaptor/local-process.ts';
import { mountsBelow, unmount } from '../packages/core/test/support/mounts.ts';
import { RUN_DIRECTORY } from '../test/clusters/base/common-directory.ts';
import { OwnedDirectories } from '../test/clusters/base/directories.ts';
import { until } from '../test/clusters/base/processes.ts';

const directories = new OwnedDirectories(RUN_DIRECTORY, remove);

/** What vitest calls before the tests, once for each project; gives what it calls after them. */
export async function setup(): Promise<(() => Promise<void>) | undefined> {
  if (basename(tmpdir()).startsWith(`${RUN_DIRECTORY}${process.pid}-`)) return undefined;
  const before = process.env['TMPDIR'];
  const directory = await directories.make(false);
  // As the one that it stands for: tests have programs run as nobody, too.
  await chmod(directory, 0o1777);
  process.env['TMPDIR'] = directory;
  // Those of runs that were killed. What cannot be removed harms nobody.
  await directories.endLeftOver().catch(() => {});
  return async () => {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
    await remove(directory);
  };
}

async function remove(directory: string): Promise<void> {
  // Processes may start others until they are dead. Children of this one are vitest's, which ends them itself.
  await until('ended', () => {
    const found = processesWith('TMPDIR', directory);
    const left = found.filter(({ parent }) => parent !== process.pid);
    for (const each of left) signalProcess(each, 'SIGKILL');
    return left.length === 0;
  });
  for (const path of mountsBelow(directory)) unmount(path);
  // What is just ending may still write there.
  await rm(directory, { recursive: true, force: true, maxRetries: 5 });
}
