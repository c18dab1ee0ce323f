/**
 * Units that are free to run at a time to come: their start time, or after the delay of a retry.
 *
 * The heap may hold times that no longer count, of units that were canceled or parked anew; the map
 * has the last word. So a replay, which frees units by events and not by time, needs no order.
 */
export class ParkedUnits {
  readonly #until = new Map<number, number>();
  readonly #heap = new TimeHeap();

  /** When the first is due. */
  get next(): number | undefined {
    this.#dropStale();
    return this.#heap.next;
  }

  park(unit: number, until: number): void {
    this.#until.set(unit, until);
    this.#heap.push(until, unit);
  }

  /** Forgets a unit; whether it was parked. */
  free(unit: number): boolean {
    return this.#until.delete(unit);
  }

  /** When a parked unit is due. */
  until(unit: number): number | undefined {
    return this.#until.get(unit);
  }

  /** Those due by then, first come first; they stay parked until they are freed. */
  takeDue(now: number): number[] {
    const due: number[] = [];
    for (this.#dropStale(); (this.#heap.next ?? now + 1) <= now; this.#dropStale()) {
      due.push(this.#heap.pop());
    }
    return due;
  }

  /** Pairs of unit and time. */
  dump(): [unit: number, until: number][] {
    return [...this.#until];
  }

  #dropStale(): void {
    while (
      this.#heap.next !== undefined &&
      this.#until.get(this.#heap.nextUnit) !== this.#heap.next
    ) {
      this.#heap.pop();
    }
  }
}

class TimeHeap {
  readonly #at: number[] = [];
  readonly #unit: number[] = [];

  get next(): number | undefined {
    return this.#at[0];
  }

  /** The unit of `next`. */
  get nextUnit(): number {
    return this.#unit[0] as number;
  }

  push(at: number, unit: number): void {
    let i = this.#at.length;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if ((this.#at[parent] as number) <= at) break;
      this.#set(i, this.#at[parent] as number, this.#unit[parent] as number);
      i = parent;
    }
    this.#set(i, at, unit);
  }

  /** Takes the first; the caller has seen that there is one. */
  pop(): number {
    const first = this.#unit[0] as number;
    const at = this.#at.pop() as number;
    const unit = this.#unit.pop() as number;
    if (this.#at.length > 0) this.#sink(at, unit);
    return first;
  }

  #sink(at: number, unit: number): void {
    const size = this.#at.length;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= size) break;
      if (child + 1 < size && (this.#at[child + 1] as number) < (this.#at[child] as number))
        child++;
      if ((this.#at[child] as number) >= at) break;
      this.#set(i, this.#at[child] as number, this.#unit[child] as number);
      i = child;
    }
    this.#set(i, at, unit);
  }

  #set(i: number, at: number, unit: number): void {
    this.#at[i] = at;
    this.#unit[i] = unit;
  }
}
