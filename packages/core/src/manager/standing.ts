/** How a place is likely to stand: which of the units bound to it hold slots, and which wait for some. */
import type { ClassQueue } from './class-queue.ts';
import { AgentPlace } from './places.ts';
import type { WorkState } from './work-state.ts';

export interface Standing {
  /** The place with nothing booked but what holds slots: what is left of it is free now. */
  readonly holding: AgentPlace;
  /** Units without slots, oldest binding first. */
  readonly waiting: readonly number[];
}

/**
 * Those that are known to run hold slots; of the others, which may be on their way there, each that
 * still fits, oldest first. Costs a walk over what is bound.
 */
export function standingOf(state: WorkState, { id, record }: AgentPlace): Standing {
  const holding = new AgentPlace(id, record);
  const place = state.places.at(id);
  const others: number[] = [];
  const classes = new Set<ClassQueue>();
  for (const unit of state.boundTo(place)) {
    const { requests } = state.template(unit);
    classes.add(requests);
    if (state.hasStarted(unit)) holding.book(unit, requests);
    else others.push(unit);
  }
  place.haveBooked(classes);
  const waiting: number[] = [];
  for (const unit of others) {
    const { requests } = state.template(unit);
    if (holding.room(requests) > 0) holding.book(unit, requests);
    else waiting.push(unit);
  }
  return { holding, waiting };
}
