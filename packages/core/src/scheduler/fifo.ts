/** Strictly in order: nothing starts before what was submitted earlier at the same priority. */
import { dealAhead, fillFreeSlots } from './deal.ts';
import type { Round, Scheduler } from './scheduler.ts';

export class FifoScheduler implements Scheduler {
  readonly name = 'fifo';

  schedule(round: Round): void {
    for (const requests of round.classes) {
      fillFreeSlots(round, requests, round.places);
      if (requests.pending === 0) continue;
      dealAhead(round, requests, round.places);
      // What no live place can ever run must not stop all the others.
      if (round.possibleSomewhere(requests)) return;
    }
  }
}
