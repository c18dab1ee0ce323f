/** What a library of DRMAA 2 refuses, by the attribute to change. PURE. */
import { DrmaaError } from '../errors.ts';

/** Which attribute a member of the template comes from. */
const ATTRIBUTES: Readonly<Record<string, string>> = {
  accountingId: 'project',
  candidateMachines: 'candidateHosts',
  email: 'contact',
  jobCategory: 'nativeOptions.jobCategory',
  machineArch: 'cpuArchitecture',
  machineOS: 'operatingSystemType',
  minPhysMemory: 'totalPhysicalMemory',
  minSlots: 'totalCpuCount',
  priority: 'nativeOptions.priority',
  queueName: 'queue',
  reservationId: 'nativeOptions.reservationId',
  resourceLimits: 'wallTimeLimit',
  startTime: 'startTime',
};

/** The same error, with the attribute to change, where the library names a member of the template. */
export function withAttribute(error: unknown): unknown {
  if (!(error instanceof DrmaaError) || error.inDoubt || error.subject !== undefined) return error;
  const words = (error.diagnosis ?? error.problem).split(/\W+/);
  const member = words.find((word) => Object.hasOwn(ATTRIBUTES, word));
  if (member === undefined) return error;
  const { code, problem, hint, drmaa, diagnosis, call } = error;
  return new DrmaaError(code, problem, {
    drmaa,
    diagnosis,
    call,
    subject: ATTRIBUTES[member] as string,
    hint: hint ?? 'leave it out, or write another',
    cause: error,
  });
}
