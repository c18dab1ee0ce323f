/** What comes of results: which of them count, which calls are tried again, and what units have afterwards. */
import type { MapInput } from './map-events.ts';
import type { MapState } from './map-state.ts';
import type { Batch, MapUnit } from './map-units.ts';
import { ResultParts } from './result-parts.ts';

type Results = Extract<MapInput, { readonly type: 'results' }>;

/** Takes results in. Says whether something has failed that ends the map. */
export function takeResults(state: MapState, input: Results): boolean {
  const { ledger, rules } = state;
  const unit = state.units.get(input.unit);
  const isCurrent = unit?.attempt === input.attempt;
  const batch = isCurrent ? unit.find(input.batch) : undefined;
  if (isCurrent && (batch?.isFold || unit.fetching === input.batch)) {
    return takeFold(state, unit, batch, input);
  }
  const parts = new ResultParts(input);
  if (isCurrent && batch !== undefined) takeBatch(state, unit, batch, parts);
  else if (!rules.isReduce) parts.keepSucceeded(ledger.done);
  else if (isCurrent && unit.state === 'ready' && isNews(unit, parts)) state.giveUp(unit);
  ledger.failed += parts.final.length;
  for (const span of parts.kept()) {
    const bytes = (input.bytes * span.count) / input.span.count;
    state.count(span, bytes, unit, parts.final);
  }
  parts.emit(state.effects);
  return parts.final.length > 0 && rules.onError === 'stop';
}

/** Results of a batch that this unit is known to have. */
function takeBatch(state: MapState, unit: MapUnit, batch: Batch, parts: ResultParts): void {
  const { ledger, sizes, units, rules } = state;
  const { span, ms, isLast, isFoldLost = false } = parts.input;
  // What lies between was not done.
  state.release(batch, span.first);
  parts.judge(batch, rules.retries, ledger.done);
  if (parts.fresh > 0) {
    sizes.measured(parts.fresh, ms, units.ready);
    state.out -= parts.fresh;
    batch.next += parts.fresh;
    if (isFoldLost) state.unfold(unit);
    ledger.retry(parts.again, batch.round + 1);
    ledger.suspect(parts.suspects, batch.round);
  }
  if (isLast) state.remove(unit, batch);
}

/** Of a reduce: a unit has handed over what it has folded, or combined what it was given. */
function takeFold(
  state: MapState,
  unit: MapUnit,
  batch: Batch | undefined,
  input: Results,
): boolean {
  const isBad = input.failed.length + input.suspects.length > 0;
  if (!input.isLast && !isBad) return false;
  const { attempt, span, batch: number, isFoldLost = false } = input;
  const common = { unit: unit.unit, attempt, batch: number, span, isLast: true };
  if (isFoldLost) state.unfold(unit);
  if (!isBad && batch === undefined && isFoldLost) {
    state.effects.push({ type: 'discard', ...common });
    state.folds.gone(unit);
    if (unit.state === 'leaving') state.endIfEmpty(unit);
    return false;
  }
  state.effects.push({ type: 'accept', ...common, failed: isBad ? [span.first] : [] });
  if (isBad) return true;
  if (batch === undefined) {
    state.folds.fetched(unit);
    if (unit.state === 'leaving') state.endIfEmpty(unit);
  } else {
    state.folds.combined(unit, number);
    state.remove(unit, batch);
  }
  return false;
}

/** Whether a unit has folded what it was not thought to have. */
function isNews(unit: MapUnit, parts: ResultParts): boolean {
  return (
    parts.input.isFolded &&
    parts.input.isFoldLost !== true &&
    parts.succeeded().some(({ first, count }) => unit.folded.countIn(first, first + count) < count)
  );
}
