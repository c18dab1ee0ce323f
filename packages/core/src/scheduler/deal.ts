/** The two ways in which units of one class are spread over places; shared by the schedulers. */
import type { Place, RequestClass, Round } from './scheduler.ts';

/**
 * Fills free slots, those of the emptiest place first. Returns how many were bound; `before` is told
 * of each binding while the units still wait.
 */
export function fillFreeSlots(
  round: Round,
  requests: RequestClass,
  places: readonly Place[],
  before?: (place: Place, count: number) => void,
): number {
  let bound = 0;
  for (const { place, room } of byRoom(places, (place) => round.room(requests, place))) {
    if (requests.pending === 0) break;
    const count = Math.min(room, requests.pending);
    before?.(place, count);
    round.bind(requests, place, count);
    bound += count;
  }
  return bound;
}

/** Lets places hold what is left ahead of their slots, in equal parts; otherwise the same. */
export function dealAhead(
  round: Round,
  requests: RequestClass,
  places: readonly Place[],
  before?: (place: Place, count: number) => void,
): number {
  const open = byRoom(places, (place) => round.roomAhead(requests, place));
  let bound = 0;
  // From the smallest room to the largest, so that what one cannot take the next ones share.
  for (let left = open.length; left > 0 && requests.pending > 0; left--) {
    const { place, room } = open[left - 1] as { place: Place; room: number };
    const count = Math.min(room, Math.ceil(requests.pending / left));
    if (count > 0) before?.(place, count);
    round.bind(requests, place, count);
    bound += count;
  }
  return bound;
}

function byRoom(
  places: readonly Place[],
  roomOf: (place: Place) => number,
): { place: Place; room: number }[] {
  const open = [];
  for (const place of places) {
    const room = roomOf(place);
    if (room > 0) open.push({ place, room });
  }
  return open.length > 1 ? open.sort((a, b) => b.room - a.room || a.place.id - b.place.id) : open;
}
