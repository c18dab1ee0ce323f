/** A session of DRMAA 2 in which everything can be seen. */
import type { HandleRef } from './handles.ts';
import { Drmaa2Job } from './job.ts';
import type { RemoteObject } from './remote-object.ts';
import { Drmaa2Reservation } from './reservation.ts';
import { SessionEnd } from './session.ts';
import type { Drmaa2JobInfo, Drmaa2MachineInfo, Drmaa2QueueInfo } from './types.ts';

/**
 * A monitoring session (GFD.194, `MonitoringSession`): what the resource manager has, also of
 * others. Nothing of it persists. Errors are those of a {@link Drmaa2Job}.
 */
export class Drmaa2MonitoringSession {
  readonly #object: RemoteObject;
  readonly #end: SessionEnd;

  /** @internal */
  constructor(object: RemoteObject) {
    this.#object = object;
    this.#end = new SessionEnd(object, async () => {});
  }

  /**
   * All native jobs that are to be seen, or those that are as the filter says
   * (`drmaa2_msession_get_all_jobs`).
   */
  async getAllJobs(filter?: Drmaa2JobInfo): Promise<Drmaa2Job[]> {
    const refs = await this.#object.ask<HandleRef[]>('allJobs', filter);
    return refs.map((ref) => new Drmaa2Job(this.#object.sibling(ref)));
  }

  /** All reservations that are to be seen (`drmaa2_msession_get_all_reservations`). */
  async getAllReservations(): Promise<Drmaa2Reservation[]> {
    const refs = await this.#object.ask<HandleRef[]>('allReservations');
    return refs.map((ref) => new Drmaa2Reservation(this.#object.sibling(ref)));
  }

  /** All queues, or those of the names (`drmaa2_msession_get_all_queues`). */
  getAllQueues(names?: readonly string[]): Promise<Drmaa2QueueInfo[]> {
    return this.#object.ask('allQueues', names);
  }

  /** All machines, or those of the names (`drmaa2_msession_get_all_machines`). */
  getAllMachines(names?: readonly string[]): Promise<Drmaa2MachineInfo[]> {
    return this.#object.ask('allMachines', names);
  }

  /**
   * Closes it; what it answered is refused from now on. Does nothing the second time.
   *
   * @throws DrmaaError as the library says; the session is closed here all the same.
   */
  close(): Promise<void> {
    return this.#end.close();
  }

  /** As {@link Drmaa2MonitoringSession.close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
