/** What is wrong with a helper process, and not what the library in it says, as errors. */
import { DrmaaError } from '../errors.ts';

/** A helper process that has failed. */
interface Failed {
  readonly library: string;
  /** The C function that was under way. */
  readonly call: string | undefined;
}

/** A function, or the loading, did not come back. */
export function lateError(failed: Failed, what: string, timeoutMs: number, inDoubt = false) {
  const { library: subject, call } = failed;
  return new DrmaaError('TIMEOUT', `${call ?? what} did not return in ${timeoutMs / 1000} s`, {
    subject,
    hint: 'its process is replaced; look whether the resource manager answers its own commands',
    call,
    inDoubt,
  });
}

/** The process is gone: by a signal, or it ended itself. */
export function diedError(failed: Failed, how: string, lastWords: string, inDoubt: boolean) {
  const { library: subject, call } = failed;
  const problem = `the library's process ended by ${how}${call ? ` in ${call}` : ''}`;
  const hint = lastWords && `its last words were '${lastWords}'`;
  return new DrmaaError('ADAPTOR_FAILED', problem, { subject, hint, call, inDoubt });
}

/** It died again and again. */
export function brokenError(subject: string, deaths: number, withinMs: number) {
  return new DrmaaError(
    'ADAPTOR_FAILED',
    `the library's process died ${deaths} times in ${withinMs / 1000} s, and is given up`,
    { subject, hint: 'load the library anew when the cause is mended' },
  );
}

/** Nobody may ask any more. */
export function closedError(subject: string) {
  return new DrmaaError('WRONG_STATE', 'its session has been left, or the library closed', {
    subject,
  });
}
