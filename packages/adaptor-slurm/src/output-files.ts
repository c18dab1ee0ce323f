/** Whether the files of a description can be where they are to be, as far as commands see that. */
import { dirname } from 'node:path/posix';
import { type AgentLaunch, PilotError, type RemoteFiles } from '@pstar/core/adaptor';
import { errorFile } from './plan.ts';

/**
 * Refuses a file whose directory is not there: Slurm makes none, and the job would end with no word
 * but `signal 53`. Where the directory above is not there either, or is the root, nodes may have it.
 *
 * @throws PilotError `DESCRIPTION_INVALID`
 */
export async function refuseLostFiles(launch: AgentLaunch, files: RemoteFiles): Promise<void> {
  const { output } = launch.description;
  const wanted = { output: output && launch.logFile, error: errorFile(launch) };
  const isThere = (path: string) => isSeen(files, path);
  for (const [subject, file] of Object.entries(wanted)) {
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
function isSeen(files: RemoteFiles, path: string): Promise<boolean> {
  return files.stat(path).then(
    (facts) => facts !== undefined,
    () => true,
  );
}
