/** Deals units to the places in turn, one by one, whatever their sizes; what does not fit is passed over. */
import { dealAhead } from './deal.ts';
import type { Place, RequestClass, Round, Scheduler } from './scheduler.ts';

export class RoundRobinScheduler implements Scheduler {
  readonly name = 'round-robin';
  #last = -1;

  /** {@inheritDoc Scheduler.schedule} */
  schedule(round: Round): void {
    for (const requests of round.classes) this.#deal(round, requests);
    // Afterwards, so that what is held ahead takes no free slot from a smaller unit.
    for (const requests of round.classes) {
      if (requests.pending > 0) dealAhead(round, requests, round.places);
    }
  }

  #deal(round: Round, requests: RequestClass): void {
    let turn = this.#inTurn(round.places);
    while (requests.pending > 0 && turn.length > 0) {
      const open: Place[] = [];
      for (const place of turn) {
        if (requests.pending === 0) return;
        if (round.room(requests, place) === 0) continue;
        round.bind(requests, place, 1);
        this.#last = place.id;
        open.push(place);
      }
      turn = open;
    }
  }

  /** The places by number, beginning behind the one that was served last. */
  #inTurn(places: readonly Place[]): Place[] {
    const sorted = [...places].sort((a, b) => a.id - b.id);
    const next = sorted.findIndex((place) => place.id > this.#last);
    return next <= 0 ? sorted : [...sorted.slice(next), ...sorted.slice(0, next)];
  }
}
