/** A session of DRMAA 2 in which slots are reserved. */
import type { HandleRef } from './handles.ts';
import type { RemoteObject } from './remote-object.ts';
import { Drmaa2Reservation } from './reservation.ts';
import { SessionEnd } from './session.ts';
import type { Drmaa2ReservationTemplate } from './types.ts';

/**
 * A reservation session (GFD.194, `ReservationSession`). It persists under its name until
 * `destroyReservationSession`, and has a process of its own while it is open. Errors are those of a
 * {@link Drmaa2Reservation}.
 */
export class Drmaa2ReservationSession {
  readonly #object: RemoteObject;
  readonly #end: SessionEnd;

  /** @internal */
  constructor(object: RemoteObject, closed: () => Promise<void>) {
    this.#object = object;
    this.#end = new SessionEnd(object, closed);
  }

  /** The name that it was made with, by which it can be opened again. */
  get name(): string {
    return this.#object.id;
  }

  /** Where its resource manager is, in the library's own words (`drmaa2_rsession_get_contact`). */
  getContact(): Promise<string | undefined> {
    return this.#object.ask('sessionContact');
  }

  /**
   * Reserves slots (`drmaa2_rsession_request_reservation`); the reservation outlives this program.
   *
   * @throws DrmaaError `DESCRIPTION_INVALID`, `ATTRIBUTE_UNSUPPORTED`, `TRY_LATER` (`OUT_OF_RESOURCE`);
   * when the library died or did not return, `inDoubt`: look among `getReservations()` first.
   */
  async requestReservation(template: Drmaa2ReservationTemplate): Promise<Drmaa2Reservation> {
    return this.#reservation(await this.#object.change('requestReservation', template));
  }

  /**
   * A reservation of this session, by its id (`drmaa2_rsession_get_reservation`).
   *
   * @throws DrmaaError as the library says, `DESCRIPTION_INVALID` (`INVALID_ARGUMENT`) as a rule, when
   * there is none.
   */
  async getReservation(id: string): Promise<Drmaa2Reservation> {
    return this.#reservation(await this.#object.ask('reservation', id));
  }

  /** All reservations of this session (`drmaa2_rsession_get_reservations`). */
  async getReservations(): Promise<Drmaa2Reservation[]> {
    const refs = await this.#object.ask<HandleRef[]>('reservations');
    return refs.map((ref) => this.#reservation(ref));
  }

  /**
   * Closes the session and ends its process. It persists, with its reservations; what was asked of it
   * and them is refused from now on. Does nothing the second time.
   *
   * @throws DrmaaError as the library says; the session is closed here all the same.
   */
  close(): Promise<void> {
    return this.#end.close();
  }

  /** As {@link Drmaa2ReservationSession.close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #reservation(ref: HandleRef): Drmaa2Reservation {
    return new Drmaa2Reservation(this.#object.sibling(ref));
  }
}
