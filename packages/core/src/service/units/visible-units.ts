/**
 * What may be seen of units: their states as far as the journal has them, and who watches.
 *
 * The manager is ahead of the journal by one commit; this follows it, a byte a unit. Only units
 * that somebody watches cost more.
 */
import { Observable, Subject } from 'rxjs';
import { RANGE } from '../../manager/packed-moves.ts';
import {
  isFinalWorkUnitState,
  WORK_UNIT_STATES,
  type WorkUnitState,
} from '../../model/work-unit-state.ts';

const FINAL = WORK_UNIT_STATES.map((state) => isFinalWorkUnitState(state));
const STATE_OF = WORK_UNIT_STATES;
/** The part of a unit's byte that is its state. */
const STATE_BITS = 15;
/**
 * Somebody watches the unit. In its byte, which is looked at anyway: to ask a map at every move because
 * one unit of a million is watched took 0.1 µs a unit.
 */
const WATCHED = 16;

interface Watch {
  /** Emits at every move; completes after the final one. */
  subject?: Subject<WorkUnitState>;
  waiting?: Waiter[];
}

/** Somebody who waits for an end; told once, that it came or that it cannot be seen any more. */
interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Hears of all moves, while it looks: a call for each is a tenth of the manager's time. */
export interface Onlooker {
  looks(): boolean;
  moved(unit: number, from: number, to: number): void;
}

const NOBODY: Onlooker = { looks: () => false, moved: () => {} };

export class VisibleUnits {
  readonly counts: number[] = WORK_UNIT_STATES.map(() => 0);
  #states = new Uint8Array(1024);
  #size = 0;
  readonly #watches = new Map<number, Watch>();
  /** All units before this one are final. */
  #allFinalBefore = 0;
  #waiting: (Waiter & { readonly upTo: number })[] = [];
  /** Why nothing moves here any more. */
  #released: { readonly error: unknown } | undefined;

  get size(): number {
    return this.#size;
  }

  /** How many are in a final state. */
  get finished(): number {
    return FINAL.reduce(
      (sum, final, state) => sum + (final ? (this.counts[state] as number) : 0),
      0,
    );
  }

  state(unit: number): WorkUnitState {
    return STATE_OF[this.number(unit)] as WorkUnitState;
  }

  /** The same as the number that tables hold. */
  number(unit: number): number {
    return (this.#states[unit] as number) & STATE_BITS;
  }

  isFinal(unit: number): boolean {
    return FINAL[this.number(unit)] === true;
  }

  /** Makes room for so many more, which are not there yet. */
  prepare(more: number): void {
    this.#makeRoom(this.#size + more);
  }

  /** Makes new units visible, in state New. */
  grow(size: number): void {
    this.#makeRoom(size);
    this.counts[0] = (this.counts[0] as number) + size - this.#size;
    this.#size = size;
  }

  /** Shows moves as the manager packed them. */
  show(moves: ArrayLike<number>, onlooker: Onlooker = NOBODY): void {
    const { counts } = this;
    // Asked again only where somebody was told of something, and may have begun to look.
    let looks = onlooker.looks();
    for (let i = 0; i < moves.length; i++) {
      const move = moves[i] as number;
      const to = move % 16;
      const unit = (move - to) / 16;
      if (to === RANGE) {
        this.#showNew(unit, moves[++i] as number, onlooker);
        looks = onlooker.looks();
        continue;
      }
      // Not kept from one move to the next: whoever is told of one may submit, and have room made.
      const states = this.#states;
      const watched = (states[unit] as number) & WATCHED;
      const from = (states[unit] as number) & STATE_BITS;
      states[unit] = to | watched;
      counts[from] = (counts[from] as number) - 1;
      counts[to] = (counts[to] as number) + 1;
      if (watched !== 0) {
        this.#tell(unit, to);
        looks = onlooker.looks();
      }
      if (looks) onlooker.moved(unit, from, to);
    }
    if (this.#waiting.length > 0) this.#tellWaiting();
  }

  #makeRoom(size: number): void {
    const present = this.#states;
    if (size <= present.length) return;
    this.#states = new Uint8Array(Math.max(size, present.length * 2));
    this.#states.set(present);
    // Writes to it, so that the memory is there when it is needed.
    this.#states.fill(0, present.length);
  }

  /** Units that came into being alike; whoever was told of others may watch some of them already. */
  #showNew(first: number, packed: number, onlooker: Onlooker): void {
    const to = packed % 16;
    const count = (packed - to) / 16;
    const states = this.#states.subarray(first, first + count);
    const watched: number[] = [];
    for (let row = states.indexOf(WATCHED); row >= 0; row = states.indexOf(WATCHED, row + 1)) {
      watched.push(row);
    }
    states.fill(to);
    for (const row of watched) states[row] = to | WATCHED;
    this.counts[0] = (this.counts[0] as number) - count;
    this.counts[to] = (this.counts[to] as number) + count;
    for (const row of watched) this.#tell(first + row, to);
    if (!onlooker.looks()) return;
    for (let unit = first; unit < first + count; unit++) onlooker.moved(unit, 0, to);
  }

  /** Sets a state that an earlier life has reached; nobody is told. */
  restore(unit: number, state: number): void {
    this.counts[0] = (this.counts[0] as number) - 1;
    this.counts[state] = (this.counts[state] as number) + 1;
    this.#states[unit] = state;
  }

  /** The states of a unit from now on: the present one first, complete after a final one, or the last to be seen. */
  states$(unit: number): Observable<WorkUnitState> {
    return new Observable((subscriber) => {
      subscriber.next(this.state(unit));
      if (this.isFinal(unit) || this.#released !== undefined) {
        subscriber.complete();
        return undefined;
      }
      const watch = this.#watch(unit);
      watch.subject ??= new Subject();
      const { subject } = watch;
      const subscription = subject.subscribe(subscriber);
      return () => {
        subscription.unsubscribe();
        if (subject.observed || watch.subject !== subject) return;
        delete watch.subject;
        if (watch.waiting === undefined) this.#forget(unit);
      };
    });
  }

  /** Resolves once the unit is final; rejects when it is not, and cannot be seen any more. */
  final(unit: number): Promise<void> {
    if (this.isFinal(unit)) return Promise.resolve();
    if (this.#released !== undefined) return Promise.reject(this.#released.error);
    return new Promise((resolve, reject) => {
      const watch = this.#watch(unit);
      watch.waiting ??= [];
      watch.waiting.push({ resolve, reject });
    });
  }

  /** Resolves once all units before that number are final; rejects like {@link final}. */
  allFinal(upTo: number): Promise<void> {
    this.#advance();
    if (this.#allFinalBefore >= upTo) return Promise.resolve();
    if (this.#released !== undefined) return Promise.reject(this.#released.error);
    return new Promise((resolve, reject) => this.#waiting.push({ upTo, resolve, reject }));
  }

  /** The units live on and are seen here no more: streams complete, whoever waits, or comes to, is told why. */
  release(error: unknown): void {
    this.#released = { error };
    for (const { subject, waiting } of this.#watches.values()) {
      subject?.complete();
      for (const { reject } of waiting ?? []) reject(error);
    }
    for (const unit of this.#watches.keys()) this.#forget(unit);
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }

  #watch(unit: number): Watch {
    let watch = this.#watches.get(unit);
    if (watch === undefined) {
      watch = {};
      this.#watches.set(unit, watch);
      this.#states[unit] = (this.#states[unit] as number) | WATCHED;
    }
    return watch;
  }

  #forget(unit: number): void {
    this.#watches.delete(unit);
    this.#states[unit] = this.number(unit);
  }

  #tell(unit: number, to: number): void {
    const watch = this.#watches.get(unit);
    if (watch === undefined) return;
    watch.subject?.next(STATE_OF[to] as WorkUnitState);
    if (!FINAL[to]) return;
    this.#forget(unit);
    watch.subject?.complete();
    for (const { resolve } of watch.waiting ?? []) resolve();
  }

  #tellWaiting(): void {
    this.#advance();
    const due = this.#waiting.filter(({ upTo }) => upTo <= this.#allFinalBefore);
    if (due.length === 0) return;
    this.#waiting = this.#waiting.filter(({ upTo }) => upTo > this.#allFinalBefore);
    for (const { resolve } of due) resolve();
  }

  #advance(): void {
    while (this.#allFinalBefore < this.#size && this.isFinal(this.#allFinalBefore))
      this.#allFinalBefore++;
  }
}
