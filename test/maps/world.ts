/**
 * A map in simulated time: its machine, whoever carries out what it says, and units that call functions,
 * lose links, crash, give way and come back. It checks at each step what the machine promises, and ends
 * when the map is over and no unit is left.
 */
import type {
  MapEffect,
  MapInput,
  MapRules,
  Span,
} from '../../packages/core/src/maps/map-events.ts';
import { MapMachine } from '../../packages/core/src/maps/map-machine.ts';
import { Agenda } from '../scheduling/agenda.ts';
import { WorldUnit } from './unit.ts';

const MOST_STEPS = 5e6;

export interface WorldOptions {
  readonly calls: number;
  readonly slots: number;
  /** How long a call takes, in milliseconds. */
  readonly msOf: (call: number) => number;
  readonly rules?: Partial<MapRules>;
  readonly random?: () => number;
  /** Of a call: how often it throws; whether it ends its worker, each time. */
  readonly throwsOf?: (call: number) => number;
  readonly isCulprit?: (call: number) => boolean;
  /** Of a reduce: how many workers, at most, end before they begin what comes next. */
  readonly idleDeaths?: number;
  /** How many disasters of each kind there are, about. */
  readonly trouble?: { readonly links: number; readonly losses: number; readonly yields: number };
  /** How often the program with the map is killed, and the map opened again by its name. */
  readonly reopens?: number;
  readonly latencyMs?: number;
  readonly bytesOf?: (call: number) => number;
  readonly resultBytesOf?: (call: number) => number;
  /** How long the consumer takes for a result. */
  readonly consumerMs?: number;
  /** A batch may end before its last call: here most of those that have taken so long. */
  readonly cutMs?: number;
}

const RULES: MapRules = {
  batch: 'auto',
  retries: 0,
  onError: 'collect',
  window: 10_000,
  windowBytes: 1e9,
  isOrdered: true,
  isReduce: false,
};

export class World {
  readonly options: WorldOptions;
  readonly rules: MapRules;
  readonly random: () => number;
  readonly latencyMs: number;
  machine: MapMachine;
  /** What the map gave: for each call how often a result of it counted, and which failed. */
  readonly counted: Uint8Array;
  readonly failed = new Set<number>();
  /** Of a reduce. */
  result: readonly number[] | undefined;
  isOver = false;
  idleDeathsLeft: number;
  /** How many calls were executed, and how many batches sent. */
  executed = 0;
  sent = 0;
  largestBatch = 0;
  /** The time of the last result. */
  overAt = 0;
  mostRead = 0;
  /** The most results that were there and not taken. */
  mostUntaken = 0;
  #accepted = 0;
  readonly units = new Map<number, WorldUnit>();
  readonly #agenda = new Agenda();
  readonly #folds = new Map<number, readonly number[]>();
  readonly #rounds = new Map<number, number>();
  #generation = 0;
  #read = 0;
  #given = 0;
  #isReading = false;
  #taken = 0;
  #isTaking = false;
  #forgotten = 0;
  #unitNumbers = 0;
  #reopens: number;

  constructor(options: WorldOptions) {
    this.options = options;
    this.rules = { ...RULES, ...options.rules };
    this.random = options.random ?? (() => 0.5);
    this.latencyMs = options.latencyMs ?? 0.5;
    this.machine = new MapMachine(this.rules);
    this.counted = new Uint8Array(options.calls);
    this.#reopens = options.reopens ?? 0;
    this.idleDeathsLeft = options.idleDeaths ?? 0;
  }

  /** Runs until nothing happens any more. */
  run(): this {
    this.tell({ type: 'capacity', units: this.options.slots, now: 0 });
    if (this.options.calls === 0) this.tell({ type: 'inputs-over', now: 0 });
    this.#planTrouble();
    let steps = 0;
    for (let next = this.#agenda.next(); next !== undefined; next = this.#agenda.next()) {
      this.#agenda.now = next.at;
      next.call();
      check(steps++ < MOST_STEPS, 'there is no end of it');
    }
    if (!this.isOver) throw new Error(`stuck: ${JSON.stringify(this.machine.progress)}`);
    const left = [...this.units.values()].filter(({ isGone }) => !isGone);
    if (left.length > 0) throw new Error(`units were left: ${left.map((unit) => unit.toString())}`);
    return this;
  }

  get now(): number {
    return this.#agenda.now;
  }

  later(ms: number, act: () => void): void {
    this.#agenda.after(ms, act);
  }

  /** Like {@link later}, unless the program has been killed meanwhile. */
  #soon(ms: number, act: () => void): void {
    const generation = this.#generation;
    this.later(ms, () => {
      if (generation === this.#generation) act();
    });
  }

  tell(input: MapInput): void {
    const effects = this.machine.handle(input);
    if (input.type === 'results') checkParts(input, effects);
    for (const effect of effects) this.#perform(effect);
    const { read, done, out, ready, pending } = this.machine.progress;
    check(out >= 0 && done <= Math.max(read, this.options.calls), 'numbers make no sense');
    const most = Math.max(1, this.options.slots);
    const isFew = pending <= most || ready + pending <= 2 * most;
    check(this.isOver || this.options.reopens !== undefined || isFew, 'too many units');
  }

  #perform(effect: MapEffect): void {
    switch (effect.type) {
      case 'read':
        this.#given += effect.count;
        if (!this.#isReading) this.#soon(0, () => this.#readSome());
        this.#isReading = true;
        break;
      case 'submit-units':
        for (let i = 0; i < effect.count; i++) {
          const number = this.#unitNumbers++;
          this.#soon(this.latencyMs, () => this.#submitted(number));
        }
        break;
      case 'send':
        this.#checkSend(effect.span, effect.round);
        this.units.get(effect.unit)?.receive({ ...effect, values: undefined });
        break;
      case 'give-fold': {
        const values = this.#folds.get(effect.batch);
        check(values !== undefined, 'a fold is given that is not there');
        const span = { first: 0, count: 0 };
        this.units.get(effect.unit)?.receive({ ...effect, span, round: 1, values });
        break;
      }
      case 'fetch-fold':
        this.units.get(effect.unit)?.fetch(effect.attempt, effect.batch);
        break;
      case 'forget-fold':
        check(this.#folds.delete(effect.batch), 'a fold is forgotten that is not there');
        break;
      case 'drop':
        this.units.get(effect.unit)?.drop(effect.attempt, effect.batches);
        break;
      case 'accept':
        this.#accept(effect);
        this.#acknowledge(effect);
        break;
      case 'discard':
        this.#acknowledge(effect);
        break;
      case 'end-units':
        for (const unit of effect.units) this.units.get(unit)?.end();
        break;
      case 'cancel-units':
        for (const unit of effect.units) this.later(1, () => this.units.get(unit)?.cancel());
        break;
      case 'forget-inputs':
        check(effect.before > this.#forgotten, 'inputs are forgotten twice');
        this.#forgotten = effect.before;
        break;
      case 'over':
        check(!this.isOver, 'it is over twice');
        this.isOver = true;
        this.overAt = this.now;
        if (effect.fold !== undefined) this.result = this.#folds.get(effect.fold);
        break;
    }
  }

  /** What a unit has handed over. */
  keepFold(batch: number, values: readonly number[]): void {
    this.#folds.set(batch, values);
  }

  resultBytes(call: number): number {
    const { resultBytesOf, bytesOf } = this.options;
    return (resultBytesOf ?? bytesOf)?.(call) ?? 8;
  }

  #readSome(): void {
    this.#isReading = false;
    const count = Math.min(this.#given, this.options.calls - this.#read, 1000);
    if (count > 0) {
      const sizes = Array.from(
        { length: count },
        (_, i) => this.options.bytesOf?.(this.#read + i) ?? 8,
      );
      this.#read += count;
      this.#given -= count;
      const { window } = this.rules;
      const isPlain = this.options.reopens === undefined && !this.rules.isReduce;
      if (isPlain) check(this.#read - this.#taken <= window, 'too much was read');
      this.mostRead = Math.max(this.mostRead, this.#read - this.#taken);
      this.tell({ type: 'inputs', sizes, now: this.now });
    }
    if (this.isOver) return;
    if (this.#read === this.options.calls) {
      if (count > 0) this.#soon(0, () => this.tell({ type: 'inputs-over', now: this.now }));
    } else if (this.#given > 0) {
      this.#isReading = true;
      this.#soon(0.01, () => this.#readSome());
    }
  }

  #submitted(number: number): void {
    const unit = new WorldUnit(this, number);
    this.units.set(number, unit);
    this.tell({ type: 'unit-submitted', unit: number, now: this.now });
    this.startUnits();
  }

  /** Gives slots to units that wait for them, as far as there are any. */
  startUnits(): void {
    const units = [...this.units.values()].filter(({ isGone }) => !isGone);
    const waiting = units.filter(({ isStarted }) => !isStarted);
    const free = this.options.slots - (units.length - waiting.length);
    for (const unit of waiting.slice(0, Math.max(0, free))) unit.start();
  }

  #checkSend({ first, count }: Span, round: number): void {
    this.sent++;
    this.largestBatch = Math.max(this.largestBatch, count);
    for (let call = first; call < first + count; call++) {
      check(call < this.#read, `call ${call} is sent before it was read`);
      check(call >= this.#forgotten, `call ${call} is sent after it was forgotten`);
      if (!this.rules.isReduce) check(this.counted[call] === 0, `call ${call} is sent again`);
      // A reduce starts anew with what was lost after it had succeeded.
      if (this.rules.isReduce || (this.options.reopens ?? 0) > 0) continue;
      const charged = this.#rounds.get(call) ?? 0;
      check(round <= charged + 1, `call ${call} is charged what others did`);
    }
  }

  /** A call has failed, and is to blame for it. */
  charge(call: number, round: number): void {
    this.#rounds.set(call, Math.max(this.#rounds.get(call) ?? 0, round));
  }

  #accept(effect: Extract<MapEffect, { type: 'accept' }>): void {
    const { first, count } = effect.span;
    if (this.#folds.has(effect.batch) || count === 0) return;
    for (let call = first; call < first + count; call++) {
      check(this.rules.isReduce || this.counted[call] === 0, `call ${call} counts twice`);
      this.counted[call] = 1;
    }
    for (const call of effect.failed) this.failed.add(call);
    this.#accepted += count;
    this.mostUntaken = Math.max(this.mostUntaken, this.#accepted - this.#taken);
    if (!this.rules.isReduce && !this.#isTaking) this.#takeSome();
  }

  #acknowledge(effect: Extract<MapEffect, { type: 'accept' | 'discard' }>): void {
    if (effect.isLast) this.units.get(effect.unit)?.acknowledge(effect.attempt, effect.batch);
  }

  /** The consumer takes what is there, in order. */
  #takeSome(): void {
    this.#isTaking = true;
    this.#soon(this.options.consumerMs ?? 0, () => {
      this.#isTaking = false;
      const first = this.#taken;
      const most = this.options.consumerMs === undefined ? Number.POSITIVE_INFINITY : 1;
      let count = 0;
      while (count < most && this.counted[first + count] === 1) count++;
      if (count === 0) return;
      this.#taken += count;
      this.tell({ type: 'taken', span: { first, count }, now: this.now });
      this.#takeSome();
    });
  }

  #planTrouble(): void {
    const { trouble, calls, slots, msOf } = this.options;
    let span = 20;
    for (let call = 0; call < calls; call += 10) span += (10 * msOf(call)) / slots;
    const plan = (count: number, act: (unit: WorldUnit) => void) => {
      for (let i = 0; i < count; i++) {
        this.later(this.random() * span * 1.5, () => {
          const units = [...this.units.values()].filter(({ isStarted }) => isStarted);
          const unit = units[Math.floor(this.random() * units.length)];
          if (unit !== undefined) act(unit);
        });
      }
    };
    plan(trouble?.links ?? 0, (unit) => unit.cutLink());
    plan(trouble?.losses ?? 0, (unit) => unit.lose());
    plan(trouble?.yields ?? 0, (unit) => unit.giveWay());
    for (let i = 0; i < this.#reopens; i++) {
      this.later(this.random() * span, () => this.#reopen());
    }
  }

  /** The program is killed, and another one opens the map by its name. */
  #reopen(): void {
    if (this.isOver) return;
    this.#generation++;
    this.machine = new MapMachine(this.rules);
    this.#read = 0;
    this.#given = 0;
    this.#taken = 0;
    this.#forgotten = 0;
    this.#isReading = false;
    this.#isTaking = false;
    this.tell({ type: 'capacity', units: this.options.slots, now: this.now });
    for (const [number, unit] of this.units) {
      if (!unit.isGone) this.tell({ type: 'unit-submitted', unit: number, now: this.now });
    }
    for (let call = 0; call < this.options.calls; call++) {
      if (this.counted[call] === 0) continue;
      const failed = this.failed.has(call) ? [call] : [];
      this.tell({ type: 'restored', span: { first: call, count: 1 }, failed, now: this.now });
    }
    for (const unit of this.units.values()) unit.cutLink();
    this.#takeSome();
  }
}

/** What is accepted and discarded makes up the message, in order, and the last of it says so. */
function checkParts(
  input: Extract<MapInput, { type: 'results' }>,
  effects: readonly MapEffect[],
): void {
  let next = input.span.first;
  let lasts = 0;
  for (const effect of effects) {
    if (effect.type !== 'accept' && effect.type !== 'discard') continue;
    check(effect.span.first === next, 'parts are not in order');
    check(lasts === 0, 'there is something after the last');
    next += effect.span.count;
    if (effect.isLast) lasts++;
  }
  check(next === input.span.first + input.span.count, 'some of a message was forgotten');
  check((lasts === 1) === input.isLast, 'the last is not said to be');
}

function check(condition: boolean, problem: string): asserts condition {
  if (!condition) throw new Error(problem);
}
