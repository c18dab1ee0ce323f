/** A map unit of a simulated world: what agent and worker do with batches, links and crashes. */
import type { MapInput, Span } from '../../packages/core/src/maps/map-events.ts';
import type { World } from './world.ts';

type Results = Extract<MapInput, { type: 'results' }>;

interface WorldBatch {
  readonly attempt: number;
  readonly batch: number;
  readonly span: Span;
  readonly round: number;
  /** Of a fold that is to be combined. */
  readonly values: readonly number[] | undefined;
}

const FLUSH_MS = 20;
const MARK_MS = 1;
const START_MS = 5;

export class WorldUnit {
  readonly unit: number;
  readonly #world: World;
  attempt = 0;
  isStarted = false;
  isGone = false;
  #isLinked = false;
  /** The manager has heard on this link that it is ready. */
  #isKnown = false;
  #link = 0;
  #queue: (WorldBatch | { readonly fold: number })[] = [];
  #running: WorldBatch | undefined;
  #unacknowledged: Results[] = [];
  #folded: number[] = [];
  #isFoldLost = false;
  #isEnding = false;
  #hasYielded = false;
  #wantsToYield = false;

  constructor(world: World, unit: number) {
    this.#world = world;
    this.unit = unit;
  }

  start(): void {
    this.isStarted = true;
    this.attempt++;
    const { attempt } = this;
    this.#world.later(START_MS * (0.5 + this.#world.random()), () => {
      if (this.attempt === attempt && this.isStarted) this.#linkUp();
    });
  }

  cutLink(): void {
    if (!this.#isLinked) return;
    this.#isLinked = false;
    this.#isKnown = false;
    const link = ++this.#link;
    this.#world.later(5 + 20 * this.#world.random(), () => {
      if (this.#link === link && this.isStarted) this.#linkUp();
    });
  }

  /** The attempt is over: a new one of the same unit, or none; what it did may still be heard of. */
  lose(): void {
    const late = this.#unacknowledged;
    const isFinal = this.#world.random() < 0.5;
    this.#reset();
    this.isGone = isFinal;
    const world = this.#world;
    world.tell({ type: 'unit-over', unit: this.unit, isFinal, now: world.now });
    for (const message of late) {
      if (world.random() < 0.5) world.later(50 * world.random(), () => world.tell(message));
    }
    world.later(1, () => world.startUnits());
  }

  giveWay(): void {
    this.#wantsToYield = true;
    if (this.#running === undefined && this.#isLinked) this.#yieldNow();
  }

  cancel(): void {
    if (this.isGone) return;
    this.#reset();
    this.isGone = true;
    this.#world.tell({ type: 'unit-over', unit: this.unit, isFinal: true, now: this.#world.now });
    this.#world.later(0, () => this.#world.startUnits());
  }

  end(): void {
    this.#toUnit(this.attempt, () => {
      this.#isEnding = true;
      this.#endIfDone();
    });
  }

  receive(batch: WorldBatch): void {
    this.#toUnit(batch.attempt, () => {
      if (this.#hasYielded) this.#giveBack([batch.batch]);
      else this.#queue.push(batch);
      this.#next();
    });
  }

  fetch(attempt: number, batch: number): void {
    this.#toUnit(attempt, () => {
      this.#queue.push({ fold: batch });
      this.#next();
    });
  }

  drop(attempt: number, batches: readonly number[]): void {
    this.#toUnit(attempt, () => {
      const dropped = this.#queue.flatMap((one) =>
        'batch' in one && batches.includes(one.batch) ? [one.batch] : [],
      );
      this.#queue = this.#queue.filter((one) => !('batch' in one && dropped.includes(one.batch)));
      this.#giveBack(dropped);
    });
  }

  acknowledge(attempt: number, batch: number): void {
    this.#toUnit(attempt, () => {
      this.#unacknowledged = this.#unacknowledged.filter((message) => message.batch !== batch);
      this.#endIfDone();
    });
  }

  toString(): string {
    return `${this.unit}, attempt ${this.attempt}, with ${this.#unacknowledged.length} results`;
  }

  #reset(): void {
    this.isStarted = false;
    this.#isLinked = false;
    this.#isKnown = false;
    this.#link++;
    this.#queue = [];
    this.#running = undefined;
    this.#unacknowledged = [];
    this.#folded = [];
    this.#isFoldLost = false;
    this.#hasYielded = false;
    this.#wantsToYield = false;
    this.#isEnding = false;
  }

  #linkUp(): void {
    this.#isLinked = true;
    this.#link++;
    const world = this.#world;
    const spans = new Map<number, Span>();
    for (const { batch, span } of this.#unacknowledged) spans.set(batch, span);
    for (const one of this.#queue) {
      if ('batch' in one) spans.set(one.batch, one.span);
      else spans.set(one.fold, { first: 0, count: 0 });
    }
    if (this.#running !== undefined) spans.set(this.#running.batch, this.#running.span);
    const held = [...spans].map(([batch, span]) => ({ batch, ...span }));
    const { unit, attempt } = this;
    this.#toManager((now) => {
      this.#isKnown = true;
      world.tell({ type: 'unit-ready', unit, attempt, held, now });
    });
    for (const message of this.#unacknowledged) this.#toManager(() => this.#tell(message));
    if (this.#hasYielded)
      this.#toManager((now) => world.tell({ type: 'yield', unit, attempt, now }));
  }

  #toManager(act: (now: number) => void): void {
    const link = this.#link;
    if (!this.#isLinked) return;
    this.#world.later(this.#world.latencyMs, () => {
      if (this.#link === link) act(this.#world.now);
    });
  }

  #toUnit(attempt: number, act: () => void): void {
    const link = this.#link;
    if (!this.#isKnown || attempt !== this.attempt) return;
    this.#world.later(this.#world.latencyMs, () => {
      if (this.#link === link) act();
    });
  }

  #giveBack(batches: readonly number[]): void {
    const { unit, attempt } = this;
    this.#toManager((now) =>
      this.#world.tell({ type: 'dropped', unit, attempt, batches: [...batches], now }),
    );
  }

  #yieldNow(): void {
    if (this.#hasYielded || this.#queue.some((one) => 'fold' in one || one.values)) return;
    this.#hasYielded = true;
    this.#giveBack(this.#queue.flatMap((one) => ('batch' in one ? [one.batch] : [])));
    this.#queue = [];
    const { unit, attempt } = this;
    this.#toManager((now) => this.#world.tell({ type: 'yield', unit, attempt, now }));
  }

  #next(): void {
    if (this.#running !== undefined) return;
    if (this.#wantsToYield && this.#isLinked) this.#yieldNow();
    const next = this.#queue.shift();
    if (next !== undefined) this.#mayDieIdle();
    if (next === undefined) this.#endIfDone();
    else if ('fold' in next) this.#handOver(next.fold);
    else if (next.values !== undefined) this.#combine(next, next.values);
    else this.#execute(next);
  }

  /** Its worker ends between two calls: what it had folded is lost, and said with what comes next. */
  #mayDieIdle(): void {
    if (this.#world.idleDeathsLeft === 0 || this.#folded.length === 0) return;
    if (this.#world.random() >= 0.05) return;
    this.#world.idleDeathsLeft--;
    this.#folded = [];
    this.#isFoldLost = true;
  }

  #handOver(batch: number): void {
    const values = this.#folded;
    this.#folded = [];
    const span = { first: 0, count: 0 };
    this.#report({ batch, span, isFolded: false, ...(!this.#isFoldLost && { values }) });
    this.#next();
  }

  #combine(batch: WorldBatch, values: readonly number[]): void {
    this.#folded.push(...values);
    this.#report({ batch: batch.batch, span: batch.span, isFolded: true });
    this.#next();
  }

  /** The calls of a batch, cut into messages as they are flushed. */
  #execute(batch: WorldBatch): void {
    this.#running = batch;
    const { attempt } = this;
    const { options, random } = this.#world;
    const end = batch.span.first + batch.span.count;
    const later = (ms: number, act: () => void) =>
      this.#world.later(ms, () => {
        if (this.#running === batch && this.attempt === attempt) act();
      });
    const step = (from: number, spent: number) => {
      let ms = 0;
      let marked = from;
      let sinceMark = 0;
      const failed: number[] = [];
      let call = from;
      while (call < end && ms < FLUSH_MS) {
        this.#world.executed++;
        const took = options.msOf(call);
        ms += took;
        sinceMark += took;
        if (options.isCulprit?.(call)) {
          later(ms, () => this.#crash(batch, from, marked, call, failed, ms));
          return;
        }
        if ((options.throwsOf?.(call) ?? 0) >= batch.round) {
          failed.push(call);
          this.#world.charge(call, batch.round);
        }
        call++;
        if (sinceMark >= MARK_MS) {
          marked = call;
          sinceMark = 0;
        }
      }
      const isCut =
        call < end && spent + ms > (options.cutMs ?? Number.POSITIVE_INFINITY) && random() < 0.9;
      later(ms, () => {
        const isLast = call === end || isCut;
        const bad = new Set(failed);
        for (let i = from; i < call; i++) if (!bad.has(i)) this.#folded.push(i);
        if (isLast) this.#running = undefined;
        const span = { first: from, count: call - from };
        this.#report({ batch: batch.batch, span, ms, isLast, failed });
        if (isLast) this.#next();
        else step(call, spent + ms);
      });
    };
    step(batch.span.first, 0);
  }

  #crash(
    batch: WorldBatch,
    from: number,
    marked: number,
    call: number,
    failed: readonly number[],
    ms: number,
  ): void {
    const isOne = marked === call;
    if (isOne) this.#world.charge(call, batch.round);
    const suspects = isOne
      ? []
      : Array.from({ length: call - marked + 1 }, (_, i) => marked + i).filter(
          (one) => !failed.includes(one),
        );
    if (suspects.length === 1) this.#world.charge(call, batch.round);
    const end = batch.span.first + batch.span.count;
    this.#folded = [];
    this.#running = undefined;
    const bad = (isOne ? [...failed, call] : failed).filter((one) => one >= marked);
    const isLast = call + 1 === end || this.#world.random() < 0.5;
    if (marked > from) {
      const before = { first: from, count: marked - from };
      const failedBefore = failed.filter((one) => one < marked);
      this.#report({ batch: batch.batch, span: before, ms, isLast: false, failed: failedBefore });
    }
    const span = { first: marked, count: call + 1 - marked };
    this.#report({ batch: batch.batch, span, ms, isLast, failed: bad, suspects, isFoldLost: true });
    const rest = { ...batch, span: { first: call + 1, count: end - call - 1 } };
    if (!isLast) this.#execute(rest);
    else this.#next();
  }

  #report(
    part: Pick<Results, 'batch' | 'span'> & Partial<Results> & { values?: readonly number[] },
  ): void {
    const { values, ...rest } = part;
    const message: Results & { values?: readonly number[] } = {
      type: 'results',
      unit: this.unit,
      attempt: this.attempt,
      bytes: part.span.count * this.#world.resultBytes(part.span.first),
      ms: 0,
      isLast: true,
      isFolded: this.#world.rules.isReduce,
      failed: [],
      suspects: [],
      now: 0,
      ...(this.#isFoldLost && { isFoldLost: true }),
      ...rest,
      ...(values !== undefined && { values }),
    };
    this.#isFoldLost = false;
    this.#unacknowledged.push(message);
    this.#toManager(() => this.#tell(message));
  }

  #tell(message: Results & { values?: readonly number[] }): void {
    if (message.values !== undefined) this.#world.keepFold(message.batch, message.values);
    this.#world.tell({ ...message, now: this.#world.now });
  }

  #endIfDone(): void {
    const isBusy = this.#running !== undefined || this.#queue.length > 0;
    if (!this.#isEnding || isBusy || this.#unacknowledged.length > 0 || !this.isStarted) return;
    this.cancel();
  }
}
