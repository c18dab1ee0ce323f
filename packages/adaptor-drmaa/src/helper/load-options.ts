/** What a caller says when a library is loaded, looked at before a process is started for it. */
import { DrmaaError } from '../errors.ts';

/** What the native services and their processes understand; `layout` of DRMAA 2 only. */
const OPTIONS = ['environment', 'callTimeout', 'log'];

/**
 * Refuses what cannot be meant.
 *
 * @throws DrmaaError `DESCRIPTION_INVALID`
 */
export function checkLoading(path: unknown, options: object, more: readonly string[] = []): void {
  if (typeof path !== 'string' || path === '' || path.includes('\0'))
    throw invalid('path', `${JSON.stringify(path)} is no library`, 'name its file');
  const known = [...OPTIONS, ...more];
  for (const name of Object.keys(options))
    if (!known.includes(name))
      throw invalid(name, 'there is no such option', `take one of ${known.join(', ')}`);
  const { callTimeout = 1 } = options as { callTimeout?: unknown };
  if (typeof callTimeout !== 'number' || !(callTimeout > 0 && callTimeout * 1000 < 2 ** 31))
    throw invalid('callTimeout', `${callTimeout} is no time to wait`, 'give seconds above 0');
}

function invalid(subject: string, problem: string, hint: string): DrmaaError {
  return new DrmaaError('DESCRIPTION_INVALID', problem, { subject, hint });
}
