/** Monitoring sessions inside of the helper process. */
import type { HandleRef } from './handles.ts';
import type { Pointer } from './memory.ts';
import type { Methods, Native } from './native.ts';
import type { Drmaa2JobInfo } from './types.ts';

/** What monitoring sessions are asked. */
export function monitoringMethods({ reader, filler, held }: Native): Methods {
  /** NULL is all there are. */
  const withNames = <T>(
    names: readonly string[] | undefined,
    use: (list: Pointer | null) => Promise<T>,
  ): Promise<T> => (names === undefined ? use(null) : filler.withList('string', names, use));
  return {
    allJobs: async (session: HandleRef, filter?: Drmaa2JobInfo) => {
      const inside = await held.pointer(session);
      return filler.withFilter(filter && { ...filter }, (jinfo) =>
        held.holdList('job', session, 'msession_get_all_jobs', inside, jinfo),
      );
    },
    allReservations: async (session: HandleRef) =>
      held.holdList(
        'reservation',
        session,
        'msession_get_all_reservations',
        await held.pointer(session),
      ),
    allQueues: async (session: HandleRef, names?: readonly string[]) => {
      const inside = await held.pointer(session);
      const read = (entry: Pointer) => reader.structure('queueinfo', entry);
      return withNames(names, (list) =>
        reader.askList(read, 'msession_get_all_queues', inside, list),
      );
    },
    allMachines: async (session: HandleRef, names?: readonly string[]) => {
      const inside = await held.pointer(session);
      const read = (entry: Pointer) => reader.structure('machineinfo', entry);
      return withNames(names, (list) =>
        reader.askList(read, 'msession_get_all_machines', inside, list),
      );
    },
  };
}
