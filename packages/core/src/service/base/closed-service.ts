/** What a service answers to whatever comes too late. */
import { PilotError } from '../../model/errors.ts';
import type { ServiceState } from '../../model/service-state.ts';

/** The error of a call, if it is one that comes too late, or of whoever has waited. */
export function closed(
  kind: 'PilotJobService' | 'WorkUnitService',
  { id, state }: { readonly id: string; readonly state: ServiceState },
  what?: string,
): PilotError {
  const problem = `the service is ${state === 'Canceled' ? 'canceled' : 'closed'}`;
  return new PilotError('SERVICE_CLOSED', what ? `${what}: ${problem}` : problem, {
    subject: id,
    hint: `open it again with ${kind}.open({ id: '${id}' })`,
  });
}
