/**
 * Decides for one map which calls go to which unit, in which batches, and what counts of what comes
 * back. It knows nothing of values, links and clocks: see `map-events.ts` for what goes in and out.
 *
 * A batch that is sent may get lost, but not unnoticed: it goes only over a link on which its unit has said
 * `unit-ready`, so that the next `unit-ready` says whether it came.
 *
 * The first result of a call counts, whoever has it, as any unit computes the same. Not so in a reduce:
 * there a result is a part of what its unit has folded, and lives and dies with it.
 */
import { askBack, dealCalls, unitsWanted } from './deal-calls.ts';
import type { MapEffect, MapInput, MapRules, Span, UnitNumber } from './map-events.ts';
import { MapState } from './map-state.ts';
import type { MapUnit } from './map-units.ts';
import { ResultParts } from './result-parts.ts';
import { takeResults } from './take-results.ts';

type Of<Type extends MapInput['type']> = Extract<MapInput, { readonly type: Type }>;

/** How far a map has come. */
export interface MapProgress {
  /** Inputs that were read, and whether these are all. */
  readonly read: number;
  readonly isRead: boolean;
  /** Calls that are over, those that have failed for good among them. */
  readonly done: number;
  readonly failed: number;
  /** Calls that units have. */
  readonly out: number;
  /** Units that take batches, and those that were asked for and do not yet. */
  readonly ready: number;
  readonly pending: number;
  /** Milliseconds that a call takes of late. */
  readonly meanMs: number | undefined;
}

export class MapMachine {
  readonly #state: MapState;
  #life: 'running' | 'over' | 'stopped' = 'running';
  /** Inputs before this one were said to be forgotten. */
  #forgotten = 0;

  constructor(rules: MapRules) {
    this.#state = new MapState(rules);
  }

  get progress(): MapProgress {
    const { ledger, window, units, sizes, out, submitting } = this.#state;
    return {
      read: ledger.read,
      isRead: window.isOver,
      done: ledger.done.count,
      failed: ledger.failed,
      out,
      ready: units.ready,
      pending: units.pending + submitting,
      meanMs: sizes.meanMs,
    };
  }

  /** Takes one thing in that has happened, and says what is to be done because of it. */
  handle(input: MapInput): readonly MapEffect[] {
    this.#state.effects = [];
    if (this.#life !== 'running') this.#afterwards(input);
    else if (this.#take(input)) this.#stop();
    // Of these there may be many, and all are known before anything is decided.
    else if (input.type !== 'restored') this.#decide();
    return this.#state.effects;
  }

  /** Says whether it ends the map. */
  #take(input: MapInput): boolean {
    const { window, ledger } = this.#state;
    switch (input.type) {
      case 'inputs':
        window.inputs(input.sizes);
        ledger.inputs(input.sizes.length);
        return false;
      case 'inputs-over':
        window.over();
        return false;
      case 'capacity':
        this.#state.capacity = input.units;
        return false;
      case 'results':
        return takeResults(this.#state, input);
      case 'taken':
        window.taken(input.span);
        return false;
      case 'restored':
        window.restored(input.span);
        ledger.over(input.span);
        ledger.failed += input.failed.length;
        return false;
      case 'cancel':
        return true;
      default:
        this.#takeOfUnit(input);
        return false;
    }
  }

  #takeOfUnit(
    input: Of<'unit-submitted' | 'unit-ready' | 'unit-over' | 'dropped' | 'yield'>,
  ): void {
    const { units } = this.#state;
    const unit = units.get(input.unit);
    switch (input.type) {
      case 'unit-submitted':
        this.#state.submitting = Math.max(0, this.#state.submitting - 1);
        if (unit === undefined) units.add(input.unit);
        break;
      case 'unit-ready':
        this.#unitReady(unit ?? units.add(input.unit), input);
        break;
      case 'unit-over':
        if (unit !== undefined) this.#unitOver(unit, input.isFinal);
        break;
      case 'dropped':
        if (unit?.attempt === input.attempt) this.#dropped(unit, input.batches);
        break;
      case 'yield':
        if (unit?.attempt === input.attempt) this.#yield(unit);
        break;
    }
  }

  /** The map is over: whoever is still heard of is told so. */
  #afterwards(input: MapInput): void {
    const { effects } = this.#state;
    if (input.type === 'results') {
      new ResultParts(input).emit(effects);
    } else if (input.type === 'unit-ready' || input.type === 'unit-submitted') {
      const isEnd = input.type === 'unit-ready' && this.#life === 'over';
      effects.push({ type: isEnd ? 'end-units' : 'cancel-units', units: [input.unit] });
    }
  }

  #unitReady(unit: MapUnit, { attempt, held }: Of<'unit-ready'>): void {
    const state = this.#state;
    if (attempt < unit.attempt) return;
    if (attempt > unit.attempt) state.lose(unit);
    unit.attempt = attempt;
    if (unit.state === 'pending') unit.state = 'ready';
    const unknown = held.filter(
      ({ batch }) => unit.fetching !== batch && unit.find(batch) === undefined,
    );
    if (state.rules.isReduce && unknown.length > 0) {
      state.giveUp(unit);
      return;
    }
    const numbers = new Set(held.map(({ batch }) => batch));
    for (const batch of [...unit.batches]) {
      if (!numbers.has(batch.batch)) state.remove(unit, batch);
      else state.units.answered(batch, 'none');
    }
    for (const one of unknown) this.#adopt(unit, one);
    if (unit.fetching !== undefined && !numbers.has(unit.fetching)) state.folds.fetch(unit);
    else if (unit.state === 'leaving') state.endIfEmpty(unit);
    state.units.place(unit);
  }

  /** A unit has a batch that is not known: of an earlier life of the map, or given up. */
  #adopt(unit: MapUnit, one: Span & { readonly batch: number }): void {
    const { batch } = one;
    this.#state.skipBatch(batch);
    if (unit.state === 'ready' && this.#state.ledger.adopt(one)) {
      this.#state.assign(unit, batch, { ...one, round: 1, isAlone: false });
    } else {
      const { unit: number, attempt } = unit;
      this.#state.effects.push({ type: 'drop', unit: number, attempt, batches: [batch] });
    }
  }

  #dropped(unit: MapUnit, batches: readonly number[]): void {
    for (const batch of [...unit.batches]) {
      if (batches.includes(batch.batch)) this.#state.remove(unit, batch);
      else if (batch.drop === 'asked') this.#state.units.answered(batch, 'refused');
    }
    this.#state.units.place(unit);
  }

  #yield(unit: MapUnit): void {
    if (unit.state === 'leaving') return;
    unit.state = 'leaving';
    for (const batch of [...unit.batches]) this.#state.remove(unit, batch);
    if (unit.folded.count > 0 && unit.fetching === undefined) this.#state.folds.fetch(unit);
    else this.#state.endIfEmpty(unit);
    this.#state.units.place(unit);
  }

  #unitOver(unit: MapUnit, isFinal: boolean): void {
    this.#state.lose(unit);
    if (unit.state === 'ready') unit.state = 'pending';
    if (isFinal) this.#state.units.remove(unit);
    else this.#state.units.place(unit);
  }

  #decide(): void {
    const { window, ledger, folds, rules, effects } = this.#state;
    const isAllDone = window.isOver && ledger.done.firstMissing >= ledger.read;
    const last = isAllDone ? folds.gather() : folds.pass();
    if (isAllDone && (last !== undefined || !rules.isReduce)) {
      this.#finish(typeof last === 'number' ? last : undefined);
      return;
    }
    dealCalls(this.#state);
    askBack(this.#state);
    this.#adjustUnits();
    const count = window.wanted(ledger.todo, this.#state.out);
    if (count > 0) effects.push({ type: 'read', count });
    this.#forget();
  }

  #adjustUnits(): void {
    const { units, capacity, submitting, ledger, window, effects } = this.#state;
    const wanted = unitsWanted(this.#state);
    const most = Math.max(1, capacity) - units.ready;
    const count = Math.min(most, wanted) - units.pending - submitting;
    if (count > 0) {
      this.#state.submitting += count;
      effects.push({ type: 'submit-units', count });
    }
    const isEnough = window.isOver && ledger.todo + wanted + units.asked === 0 && !units.hasSpare;
    if (isEnough && units.pending > 0) this.#cancelPending();
  }

  /** There is nothing to do for those that have not begun. */
  #cancelPending(): void {
    const { units, effects } = this.#state;
    const pending = [...units.all()].filter(({ state }) => state === 'pending');
    for (const unit of pending) {
      unit.state = 'leaving';
      units.place(unit);
    }
    effects.push({ type: 'cancel-units', units: numbersOf(pending) });
  }

  #forget(): void {
    const { ledger, rules, effects } = this.#state;
    const before = Math.min(ledger.done.firstMissing, ledger.read);
    if (rules.isReduce || before <= this.#forgotten) return;
    this.#forgotten = before;
    effects.push({ type: 'forget-inputs', before });
  }

  #finish(fold: number | undefined): void {
    this.#forget();
    const { effects, units } = this.#state;
    const all = [...units.all()];
    const ready = all.filter(({ state }) => state !== 'pending');
    const pending = all.filter(({ state }) => state === 'pending');
    if (ready.length > 0) effects.push({ type: 'end-units', units: numbersOf(ready) });
    if (pending.length > 0) effects.push({ type: 'cancel-units', units: numbersOf(pending) });
    this.#life = 'over';
    effects.push({ type: 'over', ...(fold !== undefined && { fold }) });
  }

  #stop(): void {
    const { effects, units } = this.#state;
    this.#life = 'stopped';
    const all = numbersOf([...units.all()]);
    if (all.length > 0) effects.push({ type: 'cancel-units', units: all });
    effects.push({ type: 'over' });
  }
}

function numbersOf(units: readonly MapUnit[]): UnitNumber[] {
  return units.map(({ unit }) => unit);
}
