/** What is known of a map that runs, and the changes of it that more than one event brings about. */
import { BatchSize } from './batch-size.ts';
import { CallLedger, type Stretch } from './call-ledger.ts';
import { Folds } from './folds.ts';
import { InputWindow } from './input-window.ts';
import type { MapEffect, MapRules, Span } from './map-events.ts';
import { type Batch, type MapUnit, MapUnits } from './map-units.ts';

export class MapState {
  readonly rules: MapRules;
  readonly ledger = new CallLedger();
  readonly window: InputWindow;
  readonly sizes: BatchSize;
  readonly units = new MapUnits();
  readonly folds: Folds;
  /** What is to be done because of what is being handled. */
  effects: MapEffect[] = [];
  /** How many map units there may be. */
  capacity = 0;
  /** Units that were asked for and have no number yet. */
  submitting = 0;
  /** Calls that units have. */
  out = 0;
  /** Calls of the batch that was sent last. */
  lastCount = 0;
  #batches = 0;

  constructor(rules: MapRules) {
    this.rules = rules;
    this.window = new InputWindow(rules);
    this.sizes = new BatchSize(rules);
    const emit = (effect: MapEffect) => this.effects.push(effect);
    this.folds = new Folds(this.units, emit, () => this.nextBatch());
  }

  nextBatch(): number {
    return this.#batches++;
  }

  /** That number is taken. */
  skipBatch(batch: number): void {
    this.#batches = Math.max(this.#batches, batch + 1);
  }

  /** These calls are a batch of that unit's now. */
  assign(unit: MapUnit, batch: number, { first, count, round, isAlone }: Stretch): void {
    const state = { next: first, drop: 'none' } as const;
    unit.batches.push({ batch, first, count, round, isAlone, isFold: false, ...state });
    this.out += count;
    this.lastCount = count;
    this.units.place(unit);
  }

  /** A unit has a batch no longer: what was not heard of is to be sent again. */
  remove(unit: MapUnit, batch: Batch): void {
    this.release(batch);
    this.units.answered(batch, 'refused');
    unit.batches.splice(unit.batches.indexOf(batch), 1);
    this.units.place(unit);
  }

  /** Calls of a batch, up to that one, that were not heard of are to be sent again. */
  release(batch: Batch, until = batch.first + batch.count): void {
    if (batch.isFold) {
      this.folds.returned(batch.batch);
    } else if (until > batch.next) {
      const end = Math.min(until, batch.first + batch.count);
      this.out -= end - batch.next;
      this.ledger.lost(batch, end);
    }
  }

  /** These calls are over: their results, of so many bytes, are with us, or of a reduce in what the unit has folded. */
  count(span: Span, bytes: number, unit: MapUnit | undefined, failed: readonly number[]): void {
    this.ledger.over(span);
    if (!this.rules.isReduce) {
      this.window.results(span, bytes);
      return;
    }
    this.window.taken(span);
    unit?.folded.add(span.first, span.first + span.count);
    for (const call of failed) unit?.folded.delete(call, call + 1);
  }

  /** What a unit has, and has folded, is to be computed again. */
  lose(unit: MapUnit): void {
    for (const batch of [...unit.batches].reverse()) this.remove(unit, batch);
    this.folds.gone(unit);
    this.unfold(unit);
  }

  unfold(unit: MapUnit): void {
    if (unit.folded.count === 0) return;
    this.ledger.undo(unit.folded);
    this.window.untaken(unit.folded);
    unit.folded.clear();
  }

  /** What a unit has folded is not what is thought here: nothing of it can be used. */
  giveUp(unit: MapUnit): void {
    this.lose(unit);
    unit.state = 'leaving';
    this.units.place(unit);
    this.effects.push({ type: 'cancel-units', units: [unit.unit] });
  }

  /** A unit is not wanted any more, unless it has something that is still to be fetched. */
  endIfEmpty(unit: MapUnit): void {
    if (unit.fetching === undefined) this.effects.push({ type: 'end-units', units: [unit.unit] });
  }
}
