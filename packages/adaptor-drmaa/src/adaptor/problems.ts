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

/** Of gpus that a resource manager has no word for. */
export function refuseGpus(gpus: number | undefined, title: string): readonly never[] {
  if (gpus === undefined || gpus === 0) return [];
  const hint =
    'ask for them by nativeOptions, and have agents offer them: initCommands: ["export PSTAR_NODE_GPUS=2"]';
  throw unsupported('agent.gpus', `${title} has no word for gpus`, hint);
}
