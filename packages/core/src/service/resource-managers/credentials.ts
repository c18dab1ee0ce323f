/** The credentials that a pilot is created with: what of them is written down, and what is not. */
import type { SecurityContext } from '../../adaptor/adaptor.ts';
import { DescriptionError } from '../../model/errors.ts';
import { nearest } from '../../model/nearest.ts';

const TEXTS = ['type', 'userId', 'userPass', 'userKey', 'userCert'] as const;
const KNOWN: readonly string[] = [...TEXTS, 'prompt'];

/**
 * Refuses what are no credentials. No value is ever named: it may be a password in the wrong place.
 *
 * @throws DescriptionError `DESCRIPTION_INVALID`; `subject` is what of them is wrong, if it is not all
 */
export function readCredentials(context: SecurityContext): SecurityContext {
  if (typeof context !== 'object' || context === null || Array.isArray(context)) {
    const hint = "write { userId: 'me' }, or leave it out";
    throw new DescriptionError('DESCRIPTION_INVALID', 'credentials are an object', { hint });
  }
  for (const name of Object.keys(context)) {
    if (KNOWN.includes(name)) continue;
    const meant = nearest(name, KNOWN);
    const hint = meant === undefined ? `there are ${KNOWN.join(', ')}` : `did you mean ${meant}?`;
    throw invalid(name, 'is nothing that credentials have', hint);
  }
  for (const name of TEXTS) {
    if (context[name] === undefined || typeof context[name] === 'string') continue;
    throw invalid(name, 'is no text', 'write a string, or leave it out');
  }
  if (context.prompt === undefined || typeof context.prompt === 'function') return context;
  throw invalid('prompt', 'is no function', 'write (question) => answer, or leave it out');
}

/** What of them is written down: all but who answers questions. */
export function keptCredentials(context: SecurityContext | undefined): SecurityContext | undefined {
  const { prompt: _, ...kept } = context ?? {};
  return Object.keys(kept).length === 0 ? undefined : kept;
}

function invalid(subject: string, problem: string, hint: string): DescriptionError {
  return new DescriptionError('DESCRIPTION_INVALID', problem, { subject, hint });
}
