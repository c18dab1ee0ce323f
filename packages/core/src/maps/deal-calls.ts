/** Who gets the next calls, how many of them, and who gives some back for others. */
import type { MapState } from './map-state.ts';
import type { MapUnit } from './map-units.ts';

/** How many bytes of inputs a batch has at most, unless a single input has more. */
const BATCH_BYTES = 1024 * 1024;
/**
 * How many batches a unit has at most, the one that it is at among them. The shorter they are, the more are
 * done in the time of a round trip: of batches that are short because their inputs are large, several are on
 * their way at once.
 */
const MOST_BATCHES = { short: 6, middling: 3, long: 2 };
const SHORT_MS = 5;
const LONG_MS = 100;

/** Gives calls to units that have too little to do. */
export function dealCalls(state: MapState): void {
  const { ledger, units, window } = state;
  while (ledger.todo > 0) {
    // What the consumer waits for must go on, however full it is.
    const isUrgent = state.out === 0 || ledger.next === ledger.done.firstMissing;
    if (!isUrgent && !window.hasRoomFor(state.out)) return;
    const unit = units.neediest(mostBatches(state));
    if (unit === undefined) return;
    sendTo(unit, state);
  }
}

/** Takes back what waits behind others, where somebody has nothing to do. */
export function askBack({ ledger, units, effects }: MapState): void {
  if (ledger.todo > 0) return;
  while (units.asked < units.idle) {
    const unit = units.richest();
    const batch = unit?.spare;
    if (unit === undefined || batch === undefined) return;
    units.askBack(unit, batch);
    const { attempt } = unit;
    effects.push({ type: 'drop', unit: unit.unit, attempt, batches: [batch.batch] });
  }
}

/** How many more units would have something to do. */
export function unitsWanted(state: MapState): number {
  const { ledger, units, folds, sizes } = state;
  if (ledger.todo > 0 && units.neediest(mostBatches(state)) === undefined) {
    return sizes.unitsFor(ledger.todo);
  }
  return folds.count > 1 && units.ready === 0 ? 1 : 0;
}

function sendTo(unit: MapUnit, state: MapState): void {
  const { ledger, units, sizes, window } = state;
  const expected = Math.min(state.capacity, units.ready + units.pending);
  const most = sizes.next(ledger.todo, Math.max(units.ready, expected));
  const fitting = sizes.isFixed ? most : window.fitting(ledger.next, most, BATCH_BYTES);
  const stretch = ledger.take(fitting);
  const batch = state.nextBatch();
  state.assign(unit, batch, stretch);
  const { attempt } = unit;
  const { first, count, round } = stretch;
  const span = { first, count };
  state.effects.push({ type: 'send', unit: unit.unit, attempt, batch, span, round });
}

function mostBatches({ sizes, lastCount }: MapState): number {
  const { meanMs } = sizes;
  if (meanMs === undefined) return MOST_BATCHES.middling;
  if (meanMs > LONG_MS) return MOST_BATCHES.long;
  return meanMs * lastCount < SHORT_MS ? MOST_BATCHES.short : MOST_BATCHES.middling;
}
