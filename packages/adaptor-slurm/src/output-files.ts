/** Whether the files of a description can be where they are to be, as far as that is seen from here. */
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type AgentLaunch, PilotError } from '@pstar/core/adaptor';
import { errorFile } from './plan.ts';

/**
 * Refuses a file whose directory is not there: Slurm makes none, and the job would end with no word
 * but `signal 53`. Where the directory above is not there either, or is the root, nodes may have it.
 *
 * @throws PilotError `DESCRIPTION_INVALID`
 */
export async function refuseLostFiles(launch: AgentLaunch): Promise<void> {
  const { output } = launch.description;
  const files = { output: output && launch.logFile, error: errorFile(launch) };
  for (const [subject, file] of Object.entries(files)) {
    if (file === undefined) continue;
    const directory = dirname(file);
    const above = dirname(directory);
    if (above === '/' || (await isThere(directory)) || !(await isThere(above))) continue;
    throw new PilotError('DESCRIPTION_INVALID', `there is no directory ${directory}`, {
      subject,
      hint: 'make it, or write a file in one that is there',
    });
  }
}

/** What cannot be looked at is taken to be there. */
async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
  );
}
