/**
 * Resource managers by a name of the user's own: `profiles.json` in pstar's directory under XDG's
 * for configuration, read only when a name is used.
 *
 *     { "cluster": { "rm": "slurm://", "description": { "queue": "long" } } }
 */
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { PilotError } from '../../model/errors.ts';
import type { PilotJobDescription } from '../../model/pilot-job-description.ts';

/** What a name stands for. */
export interface Profile {
  readonly rm: string;
  /** What a pilot's own description is laid over. */
  readonly description?: PilotJobDescription;
}

/** Where profiles are. */
export function profilesFile(): string {
  const { XDG_CONFIG_HOME } = process.env;
  const base =
    XDG_CONFIG_HOME && isAbsolute(XDG_CONFIG_HOME) ? XDG_CONFIG_HOME : join(homedir(), '.config');
  return resolve(base, 'pstar', 'profiles.json');
}

/** @throws PilotError `NOT_FOUND`, naming those that are there; `DESCRIPTION_INVALID` */
export async function readProfile(name: string, file = profilesFile()): Promise<Profile> {
  const profiles = await readProfiles(file);
  const profile = Object.hasOwn(profiles, name) ? profiles[name] : undefined;
  if (profile === undefined) {
    const known = Object.keys(profiles).join(', ');
    throw new PilotError('NOT_FOUND', `there is no profile '${name}'`, {
      subject: file,
      hint: `write a URL such as local://${known && `, or one of ${known}`}`,
    });
  }
  const { rm } = (profile ?? {}) as Partial<Profile>;
  if (typeof rm === 'string' && rm.includes('://')) return profile as Profile;
  throw invalid(file, `profile '${name}' has no URL as its rm`);
}

async function readProfiles(file: string): Promise<Readonly<Record<string, unknown>>> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
  try {
    const profiles: unknown = JSON.parse(text);
    if (typeof profiles === 'object' && profiles !== null) return { ...profiles };
  } catch (error) {
    throw invalid(file, (error as Error).message);
  }
  throw invalid(file, 'it holds no object');
}

function invalid(file: string, problem: string): PilotError {
  const hint = `write { "name": { "rm": "slurm://", "description": {} } }`;
  return new PilotError('DESCRIPTION_INVALID', problem, { subject: file, hint });
}
