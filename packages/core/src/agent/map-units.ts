/**
 * The map units of an agent as their managers know them: takes batches in and has them done, keeps
 * results until they are acknowledged, and says on each new link what is here. Knows no function and
 * no worker, and does not decide who gives way.
 */
import type { UnitOutcome } from '../executor/unit-run.ts';
import type { ManagerCallMessage } from '../protocol/call-messages.ts';
import type { Clock, Timer } from '../runtime/clock.ts';
import type { BatchResult, CallExecutor } from '../workers/call-run.ts';
import { type HeldColumns, MapBatches } from './map-batches.ts';
import { type ResultLink, ResultQueue } from './result-queue.ts';
import type { Run } from './service-work.ts';

type MapMessage = Exclude<ManagerCallMessage, { readonly type: 'module' }>;
/** Without the channel, and whom it is of. */
type Said =
  | ({ readonly type: 'calls-ready' } & HeldColumns)
  | { readonly type: 'calls-dropped'; readonly batches: Uint32Array }
  | { readonly type: 'calls-yield' };

/** What map units need, and what they tell. */
export interface MapUnitsParts {
  readonly link: ResultLink;
  readonly workers: Pick<CallExecutor, 'call' | 'drop' | 'fold' | 'finish'>;
  readonly clock: Clock;
  /** It has had nothing to do for a moment, or has again. */
  idle(key: number, isIdle: boolean): void;
  /** Its worker is another's, and its results are safe or given up. */
  ended(key: number, outcome: UnitOutcome): void;
}

interface MapWork {
  readonly run: Run;
  /** Of a reduce: the worker folds the results, which do not travel. */
  readonly folds: boolean;
  readonly batches: MapBatches;
  /**
   * `coming`: it has no worker yet; `closing`: what it has not begun it will not do, but it says so when it has done
   * what it has; `yielding`: it has said so; `over`: its manager has.
   */
  phase: 'coming' | 'open' | 'closing' | 'yielding' | 'over';
  /** It was told to give way before it had a worker: it does when it has done some of its calls, or has none to do. */
  isToYield: boolean;
  /** Its executor was told that nothing more comes. */
  isFinished: boolean;
  end: UnitOutcome | undefined;
  /** Nobody waits for its results any longer. */
  isGivenUp: boolean;
  idling: Timer | undefined;
  isIdle: boolean;
}

/** Between two batches may be so much, for the way to the manager and back, before a unit counts as idle. */
const IDLE_MS = 100;

/** All map units of an agent, from when they have slots until their results are safe. */
export class MapUnits {
  readonly #parts: MapUnitsParts;
  readonly #queue: ResultQueue;
  readonly #works = new Map<number, MapWork>();

  constructor(parts: MapUnitsParts) {
    this.#parts = parts;
    this.#queue = new ResultQueue(parts.link);
  }

  /** It has slots, and is about to get a worker. */
  add(run: Run, folds: boolean): void {
    this.#works.set(run.key, {
      run,
      folds,
      batches: new MapBatches(),
      phase: 'coming',
      isToYield: false,
      isFinished: false,
      end: undefined,
      isGivenUp: false,
      idling: undefined,
      isIdle: false,
    });
  }

  /** It has its worker. */
  ready(key: number): void {
    const work = this.#works.get(key);
    if (work?.phase !== 'coming') return;
    work.phase = 'open';
    this.#present(work);
    this.#watchIdle(work);
  }

  /** Calls of one are over. */
  done(key: number, result: BatchResult): void {
    const work = this.#works.get(key);
    if (work?.batches.done(result) !== true) return;
    this.#queueResult(work, result);
    if (work.isToYield) this.yield(key);
    this.#watchIdle(work);
    this.#settle(work);
  }

  /** A message about one; about those that are not here it is the report of their end that answers. */
  receive(channel: number, message: MapMessage): void {
    const work = this.#find(channel, message.unit, message.attempt);
    if (work === undefined) return;
    switch (message.type) {
      case 'calls':
        this.#take(work, message);
        break;
      case 'calls-drop':
        this.#giveBack(work, message.batches);
        break;
      case 'calls-ack':
        work.batches.acknowledge(message.batches);
        break;
      case 'calls-resume':
        if (work.phase !== 'coming') this.#present(work);
        break;
      case 'fold-wanted':
        if (work.end === undefined && work.batches.fold(message.batch)) {
          this.#parts.workers.fold(work.run.key, message.batch);
        }
        break;
      case 'calls-over':
        work.phase = 'over';
        work.batches.takeIdle();
        break;
    }
    this.#watchIdle(work);
    this.#settle(work);
  }

  /**
   * It is to give way, when it has done what it has begun. Who asks does so once. One that has no worker yet does
   * some of its calls first: it has waited for that, and units that took turns before any had begun
   * would never come to an end.
   */
  yield(key: number): void {
    const work = this.#works.get(key);
    if (work?.phase === 'coming') work.isToYield = true;
    if (work?.phase !== 'open') return;
    const { batches } = work;
    work.phase = 'closing';
    batches.park(this.#parts.workers.drop(key, batches.untouched()));
    this.#watchIdle(work);
    this.#settle(work);
  }

  /** It was canceled: nobody wants anything of it. */
  forget(key: number): void {
    const work = this.#works.get(key);
    if (work === undefined) return;
    work.phase = 'over';
    work.isFinished = true;
    work.batches.clear();
    this.#giveUp(work);
  }

  /** It is over. */
  remove(key: number): void {
    const work = this.#works.get(key);
    if (work === undefined) return;
    this.#works.delete(key);
    this.#queue.forget(work.run);
    work.idling?.cancel();
  }

  /** The agent ends: there is so much time left for results to be heard. */
  evict(key: number, graceMs: number): void {
    const work = this.#works.get(key);
    if (work === undefined) return;
    if (work.phase !== 'yielding') this.#close(work);
    this.#settle(work);
    if (work.run.service.channel === undefined) work.isGivenUp = true;
    this.#parts.clock.after(graceMs, () => this.#giveUp(work), { unref: true });
  }

  /** Its worker is not its own any more, or it got none. */
  ended(key: number, outcome: UnitOutcome): void {
    const work = this.#works.get(key);
    if (work === undefined) return;
    work.end = outcome;
    for (const result of work.batches.abandon()) this.#queueResult(work, result);
    if (work.batches.hasResults && isOpen(work)) this.#close(work);
    this.#settle(work);
  }

  /** The service that has that channel now can be reached. */
  attached(channel: number): void {
    for (const work of this.#works.values()) {
      if (work.run.service.channel === channel && work.phase !== 'coming') this.#present(work);
    }
  }

  /** The link takes more. */
  drained(): void {
    this.#queue.drain();
  }

  /** The link is gone: of batches that were on their way nothing is kept, and what was sent may not have come. */
  disconnected(): void {
    this.#queue.clear();
    for (const work of [...this.#works.values()]) {
      work.batches.dropArriving();
      this.#watchIdle(work);
      // There may be no other link for it in this life.
      if (work.run.stop === 'evict') this.#giveUp(work);
      else this.#settle(work);
    }
  }

  #find(channel: number, unit: number, attempt: number): MapWork | undefined {
    for (const work of this.#works.values()) {
      const { run } = work;
      if (run.unit !== unit || run.attempt !== attempt) continue;
      if (run.service.channel === channel) return work;
    }
    return undefined;
  }

  #take(work: MapWork, message: Extract<MapMessage, { readonly type: 'calls' }>): void {
    if (isOpen(work) && work.end === undefined) {
      const batch = work.batches.arrive(message);
      if (batch === undefined) return;
      if (work.phase === 'closing') work.batches.park([batch.batch]);
      else this.#parts.workers.call(work.run.key, batch);
    } else if (message.at + message.data.length === message.size) {
      this.#send(work.run, { type: 'calls-dropped', batches: Uint32Array.of(message.batch) });
    }
  }

  /** Says what is here, and repeats what was not acknowledged. */
  #present(work: MapWork): void {
    this.#queue.forget(work.run);
    this.#send(work.run, { type: 'calls-ready', ...work.batches.held() });
    for (const result of work.batches.results()) this.#queueResult(work, result);
    if (work.phase === 'yielding') this.#send(work.run, { type: 'calls-yield' });
  }

  /** Says that it takes nothing more, and gives back what it has not begun. */
  #close(work: MapWork): void {
    const isKnown = isOpen(work);
    work.phase = 'yielding';
    this.#giveBack(work);
    if (isKnown) this.#send(work.run, { type: 'calls-yield' });
  }

  /** Of these, or of all. */
  #giveBack({ run, batches, end }: MapWork, among?: Uint32Array): void {
    const idle = batches.takeIdle(among);
    const untouched = end === undefined ? batches.untouched(among) : [];
    const dropped = untouched.length > 0 ? this.#parts.workers.drop(run.key, untouched) : [];
    batches.remove(dropped);
    const all = Uint32Array.of(...idle, ...dropped);
    if (among === undefined && all.length === 0) return;
    this.#send(run, { type: 'calls-dropped', batches: all });
  }

  #giveUp(work: MapWork): void {
    work.isGivenUp = true;
    this.#queue.forget(work.run);
    this.#settle(work);
  }

  /** What there is left to do for one: to end, or to let it end. */
  #settle(work: MapWork): void {
    if (work.phase === 'closing' && !work.batches.isBusy) this.#close(work);
    const { run, batches, end, phase, folds } = work;
    if (end !== undefined) {
      if (batches.hasResults && !work.isGivenUp) return;
      if (!this.#works.has(run.key)) return;
      this.remove(run.key);
      this.#parts.ended(run.key, end);
      return;
    }
    const mayEnd = phase === 'over' || (phase === 'yielding' && !folds);
    if (!mayEnd || !batches.isEmpty || work.isFinished) return;
    work.isFinished = true;
    this.#parts.workers.finish(run.key);
  }

  #watchIdle(work: MapWork): void {
    const isIdle = work.phase === 'open' && work.batches.isIdle;
    if (isIdle === work.isIdle) return;
    work.isIdle = isIdle;
    const { idle, clock } = this.#parts;
    if (isIdle) {
      work.idling = clock.after(IDLE_MS, () => this.#idled(work), { unref: true });
    } else {
      work.idling?.cancel();
      idle(work.run.key, false);
    }
  }

  #idled({ run, isToYield }: MapWork): void {
    if (isToYield) this.yield(run.key);
    else this.#parts.idle(run.key, true);
  }

  #queueResult({ run, folds, batches }: MapWork, result: BatchResult): void {
    this.#queue.add(run, result, folds && !batches.isFold(result.batch));
  }

  #send({ service, unit, attempt }: Run, message: Said): void {
    if (service.channel === undefined) return;
    this.#parts.link.send({ channel: service.channel, unit, attempt, ...message });
  }
}

/** Whether its manager may send it batches. */
function isOpen({ phase }: MapWork): boolean {
  return phase === 'open' || phase === 'closing';
}
