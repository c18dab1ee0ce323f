/** What may stand for a resource manager. */
import { PilotError } from '../model/errors.ts';

/**
 * The URL of a resource manager; without one $PSTAR_DEFAULT_RM, else this machine.
 *
 * @throws PilotError `URL_INVALID`
 */
export function resourceManagerUrl(rm: string | URL | undefined): URL {
  const text = String(rm ?? (process.env['PSTAR_DEFAULT_RM'] || 'local://'));
  if (!text.includes('://')) {
    throw new PilotError('URL_INVALID', `'${text}' is no resource manager's URL`, {
      subject: 'rm',
      hint: `write ${text.replace(/:$/, '')}://, local:// for this machine`,
    });
  }
  const url = parse(text);
  // The journal and the log show URLs.
  if (url.password !== '') {
    throw new PilotError('URL_INVALID', 'a URL is no place for a password', {
      subject: `${url.protocol}//${url.host}`,
      hint: 'pass it in options.context',
    });
  }
  return url;
}

function parse(text: string): URL {
  try {
    return new URL(text);
  } catch (cause) {
    throw new PilotError('URL_INVALID', `'${text}' is no URL`, { subject: 'rm', cause });
  }
}
