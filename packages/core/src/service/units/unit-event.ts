/** A move of a unit as its observers get it. What it says beyond numbers is made when somebody asks. */
import { WORK_UNIT_STATES, type WorkUnitState } from '../../model/work-unit-state.ts';
import type { WorkUnit, WorkUnitEvent } from './work-unit.ts';

/** There are three or four of a unit: with id, view and date made for each, they took longer than the unit. */
export class UnitEvent implements WorkUnitEvent {
  readonly #view: (unit: number) => WorkUnit;
  /** By its number until somebody asks. */
  #unit: WorkUnit | number;
  readonly #from: number;
  readonly #to: number;
  readonly #at: number;

  constructor(
    view: (unit: number) => WorkUnit,
    unit: number,
    from: number,
    to: number,
    at: number,
  ) {
    this.#view = view;
    this.#unit = unit;
    this.#from = from;
    this.#to = to;
    this.#at = at;
  }

  get unit(): WorkUnit {
    if (typeof this.#unit === 'number') this.#unit = this.#view(this.#unit);
    return this.#unit;
  }

  get unitId(): string {
    return this.unit.id;
  }

  get from(): WorkUnitState {
    return WORK_UNIT_STATES[this.#from] as WorkUnitState;
  }

  get state(): WorkUnitState {
    return WORK_UNIT_STATES[this.#to] as WorkUnitState;
  }

  get at(): Date {
    return new Date(this.#at);
  }

  toJSON(): object {
    const { unitId, from, state, at } = this;
    return { unitId, from, state, at };
  }
}
