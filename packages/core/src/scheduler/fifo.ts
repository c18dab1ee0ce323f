/** Strictly in order: nothing is bound before what was submitted earlier at the same priority. */
import { dealAhead, fillFreeSlots } from './deal.ts';
import type { Place, RequestClass, Round, Scheduler } from './scheduler.ts';

export class FifoScheduler implements Scheduler {
  readonly name = 'fifo';

  /** {@inheritDoc Scheduler.schedule} */
  schedule(round: Round): void {
    let open = [...round.classes];
    for (let next = firstOf(open); next !== undefined; next = firstOf(open)) {
      const alone = open.length === 1;
      if (alone ? bindAll(round, next) : bindOne(round, next)) continue;
      // What no live place can ever run must not stop all the others.
      if (round.possibleSomewhere(next)) return;
      open = open.filter((requests) => requests !== next);
    }
  }
}

/** The class whose turn it is: of the highest priority, the one with the oldest unit. */
function firstOf(classes: readonly RequestClass[]): RequestClass | undefined {
  let first: RequestClass | undefined;
  for (const requests of classes) {
    if (requests.pending === 0) continue;
    if (first === undefined || isBefore(requests, first)) first = requests;
  }
  return first;
}

function isBefore(one: RequestClass, other: RequestClass): boolean {
  if (one.priority !== other.priority) return one.priority > other.priority;
  return one.oldest < other.oldest;
}

/** Binds as many as there is room for; whether that was any. */
function bindAll(round: Round, requests: RequestClass): boolean {
  const bound = fillFreeSlots(round, requests, round.places);
  return bound + dealAhead(round, requests, round.places) > 0;
}

/** Binds the oldest where a slot is free, else where the most may be held ahead; whether it could. */
function bindOne(round: Round, requests: RequestClass): boolean {
  const place =
    roomiest(round.places, (one) => round.room(requests, one)) ??
    roomiest(round.places, (one) => round.roomAhead(requests, one));
  if (place === undefined) return false;
  round.bind(requests, place, 1);
  return true;
}

function roomiest(places: readonly Place[], roomOf: (place: Place) => number): Place | undefined {
  let best: Place | undefined;
  let most = 0;
  for (const place of places) {
    const room = roomOf(place);
    if (room <= most) continue;
    best = place;
    most = room;
  }
  return best;
}
