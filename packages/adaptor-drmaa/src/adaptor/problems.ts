/** What is wrong with a description. PURE. */
import { PilotError } from '@pstar/core/adaptor';

/** An attribute that cannot be honoured, with the way out. */
export function unsupported(subject: string, problem: string, hint: string): PilotError {
  return new PilotError('ATTRIBUTE_UNSUPPORTED', problem, { subject, hint });
}

/** A value that makes no sense here. */
export function invalid(subject: string, problem: string, hint?: string): PilotError {
  return new PilotError('DESCRIPTION_INVALID', problem, {
    subject,
    ...(hint !== undefined && { hint }),
  });
}
