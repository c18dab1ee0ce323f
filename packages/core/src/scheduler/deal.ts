/** The two ways in which units of one class are spread over places; shared by the schedulers. */
import type { Place, RequestClass, Round } from './scheduler.ts';

/** Told of each binding while the units still wait. */
export type Before = (requests: RequestClass, place: Place, count: number) => void;

/**
 * Fills free slots, those of the emptiest place first. Returns how many were bound.
 */
export function fillFreeSlots(
  round: Round,
  requests: RequestClass,
  places: readonly Place[],
  before?: Before,
): number {
  let bound = 0;
  for (const { place, room } of byRoom(places, (place) => round.room(requests, place))) {
    if (requests.pending === 0) break;
    const count = Math.min(room, requests.pending);
    before?.(requests, place, count);
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
  before?: Before,
): number {
  const open = byRoom(places, (place) => round.roomAhead(requests, place));
  let bound = 0;
  // From the smallest room to the largest, so that what one cannot take the next ones share.
  for (let left = open.length; left > 0 && requests.pending > 0; left--) {
    const { place, room } = open[left - 1] as Room;
    const count = Math.min(room, Math.ceil(requests.pending / left));
    if (count > 0) before?.(requests, place, count);
    round.bind(requests, place, count);
    bound += count;
  }
  return bound;
}

interface Room {
  readonly place: Place;
  readonly room: number;
}

/** Mostly nowhere: of thousands of classes that wait, one or two have room in a round. */
const NOWHERE: readonly Room[] = [];

function byRoom(places: readonly Place[], roomOf: (place: Place) => number): readonly Room[] {
  let open: Room[] | undefined;
  for (const place of places) {
    const room = roomOf(place);
    if (room <= 0) continue;
    open ??= [];
    open.push({ place, room });
  }
  return open?.sort((a, b) => b.room - a.room || a.place.id - b.place.id) ?? NOWHERE;
}
