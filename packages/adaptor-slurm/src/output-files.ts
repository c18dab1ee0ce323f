/** Whether the files of a description can be where they are to be, as far as commands see that. */
import { dirname } from 'node:path/posix';
import { type AgentLaunch, PilotError, type RemoteFiles } from '@pstar/core/adaptor';
import { errorFile } from './plan.ts';

/**
 * Refuses a file whose directory is not there, or is a file: Slurm makes none, and the job would end with no
 * word but `signal 53`. Where the directory above is not there either, or is the root, nodes may have it.
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
    if (await isFile(files, directory)) {
      throw refusal(`${directory} is no directory`, subject, 'write a file in a directory');
    }
    if (above === '/' || (await isThere(directory)) || !(await isThere(above))) continue;
    const hint = 'make it, or write a file in one that is there';
    throw refusal(`there is no directory ${directory}`, subject, hint);
  }
}

function refusal(problem: string, subject: string, hint: string): PilotError {
  return new PilotError('DESCRIPTION_INVALID', problem, { subject, hint });
}

/** Neither a directory nor a link to one. */
async function isFile(files: RemoteFiles, path: string): Promise<boolean> {
  try {
    const facts = await files.stat(path);
    if (facts === undefined || facts.isDirectory) return false;
    // Of a link, that was told of the link.
    return (await files.stat(`${path}/.`)) === undefined;
  } catch {
    return false;
  }
}

/** What cannot be looked at is taken to be there. */
function isSeen(files: RemoteFiles, path: string): Promise<boolean> {
  return files.stat(path).then(
    (facts) => facts !== undefined,
    () => true,
  );
}
