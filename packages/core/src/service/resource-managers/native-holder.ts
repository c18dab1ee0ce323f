/** Finds out whose a native id is: states and ends of one native job cannot be those of two pilots. */
import type { PilotRecord } from '../../manager/pilot-record.ts';
import { isSameConnection, type Target } from './resource-managers.ts';

/** Another pilot whose native job, over the same connection, has this id and is not over. */
export function holderOf(
  pilots: Iterable<Readonly<PilotRecord>>,
  targetOf: (pilotId: string) => Target,
  pilotId: string,
  nativeId: string,
): string | undefined {
  const own = targetOf(pilotId);
  for (const { id, native } of pilots) {
    if (id === pilotId || native.phase !== 'live' || native.report.id !== nativeId) continue;
    if (isSameConnection(targetOf(id), own)) return id;
  }
  return undefined;
}
