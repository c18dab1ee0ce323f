/**
 * One map as it runs: has its machine decide, and carries out. Reads inputs, submits units, sends
 * batches, and hands on what comes back.
 */
import type { MapEffect, MapInput, MapRules, Span } from '../../maps/map-events.ts';
import { MapMachine, type MapProgress } from '../../maps/map-machine.ts';
import { assert, unreachable } from '../../model/assert.ts';
import type { TaskError } from '../../model/task-error.ts';
import type { WorkUnitState } from '../../model/work-unit-state.ts';
import type { AgentCallMessage } from '../../protocol/call-messages.ts';
import type { Clock } from '../../runtime/clock.ts';
import { type CallFailure, inputDigest, taskErrorOf } from '../calls/call-failures.ts';
import type { MapDesk, UnitOwner } from '../calls/map-desk.ts';
import { misreported } from '../calls/part-box.ts';
import { MapCrew } from './map-crew.ts';
import { MapHistory } from './map-history.ts';
import { type Inputs, MapInputs } from './map-inputs.ts';
import { MapResults } from './map-results.ts';
import type { NamedMap } from './named-map.ts';
import { ReceivedResults } from './received-results.ts';
import type { UnitSupply } from './unit-supply.ts';

type Said<Type extends AgentCallMessage['type']> = Extract<
  AgentCallMessage,
  { readonly type: Type }
>;
type Effect<Type extends MapEffect['type']> = Extract<MapEffect, { readonly type: Type }>;

/** What a map is run with. */
export interface MapRunParts {
  /** The function's name, for people. */
  readonly task: string;
  readonly rules: MapRules;
  readonly inputs: Inputs<unknown>;
  readonly units: UnitSupply;
  readonly desk: MapDesk;
  readonly clock: Clock;
  /** What makes its results durable. */
  readonly named?: NamedMap | undefined;
  /** How far it has come has changed. */
  progressed(progress: MapProgress): void;
}

export class MapRun implements UnitOwner {
  readonly results: MapResults;
  readonly #parts: MapRunParts;
  readonly #machine: MapMachine;
  readonly #inputs: MapInputs<unknown>;
  readonly #crew: MapCrew;
  /** Of a map by name. */
  readonly #history: MapHistory | undefined;
  /** Batches that are out: the first call of each, and which attempt of its calls it is. */
  readonly #batches = new Map<number, { readonly first: number; readonly round: number }>();
  /** Of a reduce: what was folded, by the numbers of the batches that brought it. */
  readonly #folds = new Map<number, Uint8Array>();
  readonly #fetched = new Set<number>();
  /** What the machine is deciding about. */
  #received: ReceivedResults | undefined;
  #capacity = -1;
  #isOver = false;
  /** Of a reduce that is over: what all was folded into, if there was anything. */
  folded: Uint8Array | undefined;

  /** @throws DescriptionError for inputs that cannot be gone through */
  constructor(parts: MapRunParts) {
    this.#parts = parts;
    const { rules, named, task, units, desk, clock } = parts;
    this.#crew = new MapCrew(units, desk, this);
    this.results = new MapResults(rules.isOrdered);
    const { results } = this;
    const stalled = (isStalled: boolean): void => this.#crew.stalled(isStalled);
    this.#history = named && new MapHistory({ named, task, results, clock, stalled });
    this.#machine = new MapMachine(rules);
    this.#inputs = new MapInputs(parts.inputs, {
      ...(named && { check: (input) => named.read(input) }),
      read: (sizes) => {
        this.#history?.restore();
        this.#take({ type: 'inputs', sizes, now: this.#now });
        this.#history?.admit();
      },
      over: () => {
        this.#take({ type: 'inputs-over', now: this.#now });
        this.#history?.admit();
      },
      failed: (error) => this.end(error),
    });
  }

  /** Begins to read, to submit and to send. */
  start(): void {
    const { named, desk } = this.#parts;
    desk.enter(this);
    if (named) {
      for (const done of named.spans()) this.#take({ type: 'restored', ...done, now: this.#now });
      const earlier = this.#crew.earlier();
      const bound = earlier.filter(({ isBound }) => isBound).map(({ unit }) => unit);
      this.#history?.hearFirst(bound);
      for (const { unit } of earlier) this.#crew.adopt(unit, (made) => this.#submitted(made));
    }
    this.capacityChanged();
  }

  /** These results were taken: there is room for others. */
  taken({ first, count }: Span): void {
    this.#take({ type: 'taken', span: { first, count }, now: this.#now });
  }

  /** Ends it before its time: what runs is canceled, and whoever waits for results gets the error. */
  end(error: unknown): void {
    if (this.#isOver) return;
    this.#finish({ error });
    this.#crew.cancel();
  }

  /** Nobody wants its results any more; settles when a map by its name may be opened again. */
  async leave(): Promise<void> {
    this.end(undefined);
    await this.#history?.leave();
  }

  ready({ unit, attempt, held, firsts, counts }: Said<'calls-ready'>): void {
    if (this.#crew.turnsAway(unit)) return;
    const batches = Array.from(held, (batch, row) => ({
      batch,
      first: firsts[row] as number,
      count: counts[row] as number,
    }));
    for (const { batch, first } of batches) {
      if (!this.#batches.has(batch)) this.#batches.set(batch, { first, round: 1 });
    }
    this.#take({ type: 'unit-ready', unit, attempt, held: batches, now: this.#now });
    this.#history?.heard(unit);
  }

  received(message: Said<'results'>, data: Uint8Array, host: string): void {
    const { unit, attempt, batch, first, count, ms, isLast } = message;
    const { isFolded = false, isFoldLost = false } = message;
    const { read, isRead } = this.#machine.progress;
    const misread = () => `${count} results from call ${first} on of ${read}`;
    // Before it is put off: then nobody is there who would give up the link.
    if (!(first >= 0 && count >= 0)) throw misreported(misread());
    if (this.#history && first + count > read && !isRead && !this.#isOver) {
      this.#history.postpone(() => this.received(message, data, host));
      return;
    }
    if (this.#isOver) {
      // Nobody waits for them any more.
      this.#acknowledge({ unit, attempt, batch, isLast });
      return;
    }
    // A map by name may have fewer inputs than it had, and counts for itself what it keeps.
    if (!this.#history && first + count > read) throw misreported(misread());
    const results = new ReceivedResults(message, data, host, this.#batches.get(batch)?.first);
    const failed = results.failed(false);
    this.#received = results;
    this.#take({
      type: 'results',
      ...{ unit, attempt, batch, ms, isLast, isFolded, isFoldLost, failed },
      span: { first, count },
      bytes: data.length,
      suspects: results.failed(true),
      now: this.#now,
    });
    this.#received = undefined;
  }

  dropped({ unit, attempt, batches }: Said<'calls-dropped'>): void {
    for (const batch of batches) this.#batches.delete(batch);
    this.#take({ type: 'dropped', unit, attempt, batches: [...batches], now: this.#now });
  }

  yielded({ unit, attempt }: Said<'calls-yield'>): void {
    this.#take({ type: 'yield', unit, attempt, now: this.#now });
  }

  over(unit: number, final: WorkUnitState | undefined): void {
    const problem = this.#crew.over(unit, final);
    if (this.#isOver) return;
    this.#take({ type: 'unit-over', unit, isFinal: final !== undefined, now: this.#now });
    this.#history?.heard(unit);
    if (problem !== undefined) this.end(problem);
  }

  capacityChanged(): void {
    const { capacity: units, whyNever } = this.#crew;
    if (whyNever) this.end(whyNever);
    if (units === this.#capacity) return;
    this.#capacity = units;
    this.#take({ type: 'capacity', units, now: this.#now });
  }

  closed(error: unknown): void {
    // Units of a map by name go on, for whoever opens it again.
    if (!this.#history) this.end(error);
    else if (!this.#isOver) this.#finish({ error });
    this.#history?.close(error);
  }

  get #now(): number {
    return this.#parts.clock.monotonic();
  }

  #take(input: MapInput): void {
    if (this.#isOver) return;
    for (const effect of this.#machine.handle(input)) {
      if (!this.#isOver) this.#perform(effect);
    }
    this.#parts.progressed(this.#machine.progress);
  }

  #perform(effect: MapEffect): void {
    const { desk } = this.#parts;
    switch (effect.type) {
      case 'read': {
        const read = (): void => this.#inputs.want(effect.count);
        if (this.#history) this.#history.whenHeard(read);
        else read();
        return;
      }
      case 'submit-units':
        void this.#submit(effect.count);
        return;
      case 'send':
        this.#send(effect);
        return;
      case 'fetch-fold': {
        const { unit, attempt, batch } = effect;
        this.#fetched.add(batch);
        desk.send(unit, { type: 'fold-wanted', unit, attempt, batch });
        return;
      }
      case 'give-fold': {
        const { unit, attempt, batch } = effect;
        const head = { type: 'calls', kind: 'combine', first: 0, count: 1, round: 1 } as const;
        const fold = this.#folds.get(batch);
        assert(fold !== undefined, `the fold of batch ${batch} is not here`);
        desk.sendParts(unit, { ...head, unit, attempt, batch }, fold);
        return;
      }
      case 'forget-fold':
        this.#folds.delete(effect.batch);
        return;
      case 'drop': {
        const { unit, attempt, batches } = effect;
        desk.send(unit, { type: 'calls-drop', unit, attempt, batches: Uint32Array.from(batches) });
        return;
      }
      case 'accept':
        this.#accept(effect);
        return;
      case 'discard':
        this.#fetched.delete(effect.batch);
        this.#acknowledge(effect);
        return;
      case 'end-units':
        this.#crew.end(effect.units);
        return;
      case 'cancel-units':
        this.#crew.cancel(effect.units);
        return;
      case 'forget-inputs':
        this.#inputs.forget(effect.before);
        return;
      case 'over':
        this.#conclude(effect);
        return;
      default:
        unreachable(effect);
    }
  }

  async #submit(count: number): Promise<void> {
    try {
      await this.#crew.submit(count, (unit) => this.#submitted(unit));
    } catch (error) {
      this.end(error);
    }
  }

  #submitted(unit: number): void {
    if (this.#isOver) this.#crew.cancel([unit]);
    else this.#take({ type: 'unit-submitted', unit, now: this.#now });
  }

  #send({ unit, attempt, batch, span, round }: Effect<'send'>): void {
    const { first, count } = span;
    this.#batches.set(batch, { first, round });
    try {
      const data = this.#inputs.encode(span);
      const head = { type: 'calls', kind: 'calls', first, count, round } as const;
      this.#parts.desk.sendParts(unit, { ...head, unit, attempt, batch }, data);
    } catch (error) {
      this.end(this.#inputs.problemOf(span) ?? error);
    }
  }

  #accept(effect: Effect<'accept'>): void {
    const { span, failed, batch } = effect;
    const { task, rules } = this.#parts;
    const received = this.#received as ReceivedResults;
    this.#crew.succeeded();
    const [first] = failed;
    const isFold = this.#fetched.has(batch) || this.#folds.has(batch);
    const isEnd = first !== undefined && (rules.onError === 'stop' || isFold);
    const failures = failed.map((index) => {
      return { index, reason: this.#failureOf(index, batch, received) };
    });
    const errors = new Map(
      failures.map(({ index, reason }) => [index, taskErrorOf(reason, task, index)]),
    );
    const good = isEnd ? { first: span.first, count: first - span.first } : span;
    if (this.#fetched.delete(batch) && !isEnd) this.#folds.set(batch, received.data);
    const handOn = (count: number): void => {
      const part = { first: good.first, count };
      if (count > 0 && !rules.isReduce) {
        this.results.add(received.part(part, isEnd ? NO_ERRORS : errors));
      }
      if (!isEnd) this.#acknowledge(effect);
    };
    if (!this.#history) handOn(good.count);
    else {
      const list = { values: received.data, skip: good.first - received.span.first };
      const failed = (error: unknown): void => this.end(error);
      this.#history.keep(good, isEnd ? [] : failures, list, handOn, failed);
    }
    if (isEnd) this.end(errors.get(first));
  }

  #failureOf(index: number, batch: number, received: ReceivedResults): CallFailure {
    const input = this.#parts.rules.isReduce ? undefined : this.#inputs.at(index);
    return {
      problem: received.problemOf(index),
      inputDigest: inputDigest(input),
      host: received.host,
      attempt: this.#batches.get(batch)?.round ?? 1,
    };
  }

  #acknowledge({ unit, attempt, batch, isLast }: Omit<Effect<'discard'>, 'type' | 'span'>): void {
    if (!isLast) return;
    this.#batches.delete(batch);
    const batches = Uint32Array.of(batch);
    this.#parts.desk.send(unit, { type: 'calls-ack', unit, attempt, batches });
  }

  #conclude({ fold }: Effect<'over'>): void {
    if (fold !== undefined) this.folded = this.#folds.get(fold);
    this.#finish({});
  }

  #finish(how: { readonly error?: unknown }): void {
    const { desk, units } = this.#parts;
    this.#isOver = true;
    this.#inputs.close();
    this.#folds.clear();
    desk.leave(this);
    units.close();
    if (this.#history) this.#history.end(how);
    else this.results.end(how);
  }
}

const NO_ERRORS: ReadonlyMap<number, TaskError> = new Map();
