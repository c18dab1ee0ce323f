/** Whether the files of a description can be written to, as far as that is seen from here. */
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { DescriptionError } from '../../model/errors.ts';
import type { ParsedPilotJobDescription } from '../../model/pilot-job-description.ts';
import { written } from '../../model/written.ts';
import { logFileOf, type PilotPlace } from '../agents/pilot-launch.ts';

/**
 * Refuses what is there and neither a regular file nor one like /dev/null: a directory takes no
 * output, and to open a named pipe is to wait for its reader. What cannot be looked at may be another host's.
 *
 * @throws DescriptionError `DESCRIPTION_INVALID`
 */
export async function refuseStrangeFiles(
  place: PilotPlace,
  description: ParsedPilotJobDescription,
): Promise<void> {
  const { output, error } = description;
  if (output !== undefined) await refuse('output', output, logFileOf(place, description));
  if (error !== undefined) await refuse('error', error, resolve(place.directory, error));
}

async function refuse(subject: string, value: string, path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined || found.isFile() || found.isCharacterDevice()) return;
  const kind = found.isDirectory() ? 'a directory' : 'no regular file';
  throw new DescriptionError('DESCRIPTION_INVALID', `${written(value)} is ${kind}`, {
    subject,
    hint: 'write the path of a file, which need not be there, or leave it out',
  });
}
