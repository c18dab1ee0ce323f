/** The one question that is asked before anything is read or written for an agent. */
import type { LocalFile, NoLocalFile } from '../../manager/attempt-files.ts';

/** The file of this machine that an item of an attempt is, for the agent that has the attempt now. */
export type FindFile = (
  agentId: string,
  unit: number,
  attempt: number,
  item: number,
) => LocalFile | NoLocalFile;

/** As {@link FindFile}, for one agent. */
export type FindItem = (unit: number, attempt: number, item: number) => LocalFile | NoLocalFile;

/** As {@link FindItem}, but only for a file that is read, or for one that is written. */
export function findFor(
  direction: 'in' | 'out',
  find: FindItem,
  ...[unit, attempt, item]: Parameters<FindItem>
): LocalFile | NoLocalFile {
  const found = find(unit, attempt, item);
  if ('problem' in found || found.direction === direction) return found;
  return { problem: `item ${item} of the unit travels the other way` };
}
