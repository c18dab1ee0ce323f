/** What may stand for a resource manager: a URL, the name of a profile, or nothing. */
import { PilotError } from '../model/errors.ts';
import type { PilotJobDescription } from '../model/pilot-job-description.ts';
import { readProfile } from './profiles.ts';

/** A resource manager with what its profile, if it came by one, wants of every pilot. */
export interface NamedResourceManager {
  readonly url: URL;
  readonly defaults: PilotJobDescription;
}

/**
 * Finds the resource manager that is meant; without a name it is `fallback`, else
 * $PSTAR_DEFAULT_RM, else this machine.
 *
 * @throws PilotError `URL_INVALID`; `NOT_FOUND` for a profile that is not there
 */
export async function namedResourceManager(
  rm: string | URL | undefined,
  fallback: string | undefined,
): Promise<NamedResourceManager> {
  const text = String(rm ?? fallback ?? (process.env['PSTAR_DEFAULT_RM'] || 'local://'));
  if (text.includes('://')) return { url: resourceManagerUrl(text), defaults: {} };
  const profile = await readProfile(text);
  return { url: resourceManagerUrl(profile.rm), defaults: profile.description ?? {} };
}

function resourceManagerUrl(text: string): URL {
  let url: URL;
  try {
    url = new URL(text);
  } catch (cause) {
    throw new PilotError('URL_INVALID', `'${text}' is no URL`, {
      subject: 'rm',
      hint: 'write local://, or slurm+ssh://login.example/',
      cause,
    });
  }
  // The journal and the log show URLs.
  if (url.password === '') return url;
  throw new PilotError('URL_INVALID', 'a URL is no place for a password', {
    subject: `${url.protocol}//${url.host}`,
    hint: 'pass it in options.context',
  });
}
