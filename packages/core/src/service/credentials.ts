/** The credentials that a pilot is created with: what of them is written down, and what is not. */
import type { SecurityContext } from '../adaptor/adaptor.ts';
import { DescriptionError } from '../model/errors.ts';
import { nearest } from '../model/nearest.ts';

const TEXTS = ['type', 'userId', 'userPass', 'userKey', 'userCert'] as const;
const KNOWN: readonly string[] = [...TEXTS, 'prompt'];

/**
 * Refuses what are no credentials. No value is ever named: it may be a password in the wrong place.
 *
 * @throws DescriptionError `DESCRIPTION_INVALID`
 */
export function checkCredentials(context: SecurityContext): void {
  if (typeof context !== 'object' || context === null || Array.isArray(context)) {
    throw invalid(
      'context',
      'credentials are an object',
      "write { userId: 'me' }, or leave it out",
    );
  }
  for (const name of Object.keys(context)) {
    if (KNOWN.includes(name)) continue;
    const meant = nearest(name, KNOWN);
    const hint = meant === undefined ? `there are ${KNOWN.join(', ')}` : `did you mean ${meant}?`;
    throw invalid(`context.${name}`, 'is nothing that credentials have', hint);
  }
  for (const name of TEXTS) {
    if (context[name] === undefined || typeof context[name] === 'string') continue;
    throw invalid(`context.${name}`, 'is no text', 'write a string, or leave it out');
  }
  if (context.prompt === undefined || typeof context.prompt === 'function') return;
  throw invalid('context.prompt', 'is no function', 'write (question) => answer, or leave it out');
}

/** What of them is written down: all but who answers questions. */
export function keptCredentials(context: SecurityContext | undefined): SecurityContext | undefined {
  const { prompt: _, ...kept } = context ?? {};
  return Object.keys(kept).length === 0 ? undefined : kept;
}

function invalid(subject: string, problem: string, hint: string): DescriptionError {
  return new DescriptionError('DESCRIPTION_INVALID', problem, { subject, hint });
}
