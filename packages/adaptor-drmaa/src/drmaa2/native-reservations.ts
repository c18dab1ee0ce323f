/** Reservations inside of the helper process. */
import type { HandleRef } from './handles.ts';
import type { Methods, Native } from './native.ts';
import type { Drmaa2ReservationTemplate } from './types.ts';

/** What reservation sessions and reservations are asked. */
export function reservationMethods({ library, reader, filler, held }: Native): Methods {
  return {
    requestReservation: async (session: HandleRef, template: Drmaa2ReservationTemplate) => {
      const inside = await held.pointer(session);
      return filler.with('rtemplate', { ...template }, (rt) =>
        held.hold('reservation', session, 'rsession_request_reservation', inside, rt),
      );
    },
    reservation: async (session: HandleRef, id: string) =>
      held.hold(
        'reservation',
        session,
        'rsession_get_reservation',
        await held.pointer(session),
        id,
      ),
    reservations: async (session: HandleRef) =>
      held.holdList(
        'reservation',
        session,
        'rsession_get_reservations',
        await held.pointer(session),
      ),
    reservationInfo: async (reservation: HandleRef) =>
      reader.ask('rinfo', 'r_get_info', await held.pointer(reservation)),
    reservationTemplate: async (reservation: HandleRef) =>
      reader.ask('rtemplate', 'r_get_rtemplate', await held.pointer(reservation)),
    reservationSessionName: async (reservation: HandleRef) =>
      library.string('r_get_session_name', await held.pointer(reservation)),
    terminateReservation: async (reservation: HandleRef) =>
      library.check('r_terminate', await held.pointer(reservation)),
  };
}
