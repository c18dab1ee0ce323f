/**
 * The units of one request class that wait to be bound, first in first out, linked through the
 * table's `next` column: no memory for each unit, and none for those that are gone.
 */
import type { ResourceRequest } from '../model/resources.ts';
import type { RequestClass } from '../scheduler/scheduler.ts';
import { STATE } from './state-numbers.ts';
import { NONE, PAGE_MASK } from './unit-page.ts';
import type { UnitTable } from './unit-table.ts';

/** Where units of a class may run, beyond the amounts they ask for. */
export interface Constraints {
  readonly pilotJob?: string;
  readonly candidateHosts?: readonly string[];
  readonly cpuArchitecture?: readonly string[];
  readonly operatingSystemType?: readonly string[];
}

export interface ClassSpec {
  readonly request: ResourceRequest;
  readonly priority: number;
  readonly constraints: Constraints;
  /** How long a unit is expected to run, by its description. */
  readonly expectedMs?: number;
  /** Files travel for them: before they have slots, and after they had them. */
  readonly hasFiles?: boolean;
  /** They are units of maps, which hold their slots until they give way. */
  readonly isMap?: boolean;
}

export class ClassQueue implements RequestClass {
  readonly id: number;
  readonly spec: ClassSpec;
  readonly request: ResourceRequest;
  readonly priority: number;
  /** How long units of this class have run of late, in milliseconds; unknown before the first. */
  meanMs: number | undefined;
  /** Whether it is among those that may have units: for {@link Templates} alone. */
  isListed = false;
  #pending = 0;
  #head: number = NONE;
  #tail: number = NONE;
  readonly #table: UnitTable;
  readonly #filled: (queue: ClassQueue) => void;

  /** @param filled called when it may have units again */
  constructor(id: number, spec: ClassSpec, table: UnitTable, filled: (queue: ClassQueue) => void) {
    this.id = id;
    this.spec = spec;
    this.request = spec.request;
    this.priority = spec.priority;
    this.meanMs = spec.expectedMs;
    this.#table = table;
    this.#filled = filled;
  }

  get pending(): number {
    return this.#pending;
  }

  get oldest(): number {
    this.#dropDead();
    return this.#head;
  }

  push(unit: number): void {
    this.#dropDead();
    this.#setNext(unit, NONE);
    if (this.#head === NONE) this.#head = unit;
    else this.#setNext(this.#tail, unit);
    this.#tail = unit;
    this.#add(1);
  }

  /** Units in a row, each of which has the one after it as its next already. */
  pushAll(first: number, count: number): void {
    this.#dropDead();
    const last = first + count - 1;
    this.#setNext(last, NONE);
    if (this.#head === NONE) this.#head = first;
    else this.#setNext(this.#tail, first);
    this.#tail = last;
    this.#add(count);
  }

  /** Before all others: what comes back does not lose its turn. */
  pushFront(unit: number): void {
    this.#dropDead();
    this.#setNext(unit, this.#head);
    if (this.#head === NONE) this.#tail = unit;
    this.#head = unit;
    this.#add(1);
  }

  /** Takes the oldest. The caller has seen that `pending` is not 0. */
  shift(): number {
    this.#dropDead();
    const unit = this.#head;
    this.#head = this.#next(unit);
    this.#pending--;
    return unit;
  }

  /** A queued unit was canceled: it stays linked until the head comes to it. */
  forgetOne(): void {
    this.#pending--;
  }

  /** How many go before that unit, which is queued here. Costs a walk along the queue. */
  before(unit: number): number {
    let count = 0;
    for (let at = this.oldest; at !== unit && at !== NONE; at = this.#next(at)) {
      if (this.#table.state(at) === STATE.Pending) count++;
    }
    return count;
  }

  /** What a snapshot needs beside the `next` column. */
  dump(): [head: number, tail: number, pending: number] {
    this.#dropDead();
    return [this.#head, this.#tail, this.#pending];
  }

  restore([head, tail, pending]: [number, number, number]): void {
    this.#head = head;
    this.#tail = tail;
    this.#pending = 0;
    this.#add(pending);
  }

  #add(count: number): void {
    this.#pending += count;
    if (!this.isListed) this.#filled(this);
  }

  /**
   * Steps over canceled units. Before every change, so that the links do not depend on whether
   * somebody has looked at the head meanwhile: a replay does not look.
   */
  #dropDead(): void {
    while (this.#head !== NONE && this.#table.state(this.#head) !== STATE.Pending) {
      this.#head = this.#next(this.#head);
    }
    if (this.#head === NONE) this.#tail = NONE;
  }

  #next(unit: number): number {
    return this.#table.page(unit).next[unit & PAGE_MASK] as number;
  }

  #setNext(unit: number, next: number): void {
    this.#table.toWrite(unit).next[unit & PAGE_MASK] = next;
  }
}
