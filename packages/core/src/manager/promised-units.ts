/**
 * Which units are promised to whom: they wait for one more, which an agent has, and are at that agent already
 * (see promises.ts). It is in the table, as a flag, a place and an attempt; lists of places may name units
 * that are not promised any more.
 */
import type { AgentPlace } from './places.ts';
import { STATE } from './state-numbers.ts';
import { PAGE_MASK, PROMISED } from './unit-page.ts';
import type { UnitTable } from './unit-table.ts';

export class PromisedUnits {
  readonly #table: UnitTable;
  /** How many there are: mostly none, and then nobody looks at units one by one. */
  #count = 0;

  constructor(table: UnitTable) {
    this.#table = table;
  }

  /** Whether a unit waits, and some agent has it. */
  has(unit: number): boolean {
    return this.#count > 0 && this.#has(unit);
  }

  #has(unit: number): boolean {
    const { state, flags } = this.#table.page(unit);
    const row = unit & PAGE_MASK;
    return state[row] === STATE.Waiting && ((flags[row] as number) & PROMISED) !== 0;
  }

  /** Whether it is that attempt, and that agent. */
  isAt(unit: number, attempt: number, { id }: AgentPlace): boolean {
    const page = this.#table.page(unit);
    const row = unit & PAGE_MASK;
    return page.attempt[row] === attempt && page.place[row] === id && this.has(unit);
  }

  /** All of a place, oldest first. */
  at(place: AgentPlace): readonly number[] {
    if (place.promised.length > 0) {
      place.promised = place.promised.filter(
        (unit) => this.#table.place(unit) === place.id && this.has(unit),
      );
    }
    return place.promised;
  }

  add(units: Uint32Array, place: AgentPlace): void {
    const before = this.at(place);
    for (const unit of units) this.#table.beginAttempt(unit, place.id, PROMISED);
    place.promised = [...before, ...units];
    this.#count += units.length;
  }

  /** All of a place, as a dump has them. */
  restore(units: readonly number[], place: AgentPlace): void {
    place.promised = units;
    this.#count += units.length;
  }

  /** It is not promised any more; returns the place that had it. */
  take(unit: number): number {
    const page = this.#table.toWrite(unit);
    const row = unit & PAGE_MASK;
    page.flags[row] = (page.flags[row] as number) & ~PROMISED;
    this.#count--;
    return page.place[row] as number;
  }
}
