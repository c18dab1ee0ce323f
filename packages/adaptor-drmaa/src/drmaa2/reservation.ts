/** Reserved slots of DRMAA 2. */
import type { RemoteObject } from './remote-object.ts';
import type { Drmaa2ReservationInfo, Drmaa2ReservationTemplate } from './types.ts';

/**
 * A reservation (GFD.194, `Reservation`), which the resource manager has whether or not this object
 * is there. What C holds of it is freed by `using`, and otherwise at some time after nobody holds
 * the object.
 *
 * Every method fails with the library's own error (`DrmaaError`), `OPERATION_UNSUPPORTED` where the
 * library lacks the function, and `WRONG_STATE` once this object was freed or its session was closed.
 */
export class Drmaa2Reservation {
  readonly #object: RemoteObject;

  /** @internal */
  constructor(object: RemoteObject) {
    this.#object = object;
  }

  /** What a template's `reservationId` may be. */
  get id(): string {
    return this.#object.id;
  }

  /**
   * The session that it was made in (`drmaa2_r_get_session_name`); undefined where that is none
   * that the library knows.
   */
  async getSessionName(): Promise<string | undefined> {
    const { session } = this.#object;
    if (session?.kind === 'reservation session') return session.id;
    return this.#object.ask('reservationSessionName');
  }

  /** What was reserved (`drmaa2_r_get_info`). */
  getInfo(): Promise<Drmaa2ReservationInfo> {
    return this.#object.ask('reservationInfo');
  }

  /** What was asked for, as far as the library remembers (`drmaa2_r_get_rtemplate`). */
  getReservationTemplate(): Promise<Drmaa2ReservationTemplate> {
    return this.#object.ask('reservationTemplate');
  }

  /**
   * Gives the slots back (`drmaa2_r_terminate`); what runs in them goes as the resource manager has it.
   *
   * @throws DrmaaError `inDoubt` when the library died over it.
   */
  terminate(): Promise<void> {
    return this.#object.change('terminateReservation');
  }

  /** Frees what C holds of it; the reservation persists. Does nothing the second time. */
  [Symbol.dispose](): void {
    this.#object.free();
  }
}
