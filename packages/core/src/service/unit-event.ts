/** A move of a unit as its observers get it. What it says beyond numbers is made when somebody asks. */
import type { WorkUnitState } from '../model/work-unit-state.ts';
import type { UnitMove } from './work-core.ts';
import type { WorkUnit, WorkUnitEvent } from './work-unit.ts';

/** There are three or four of a unit: with id, view and date made for each, they took longer than the unit. */
export class UnitEvent implements WorkUnitEvent {
  readonly #move: UnitMove;
  readonly #view: (unit: number) => WorkUnit;
  #unit: WorkUnit | undefined;

  constructor(move: UnitMove, view: (unit: number) => WorkUnit) {
    this.#move = move;
    this.#view = view;
  }

  get unit(): WorkUnit {
    this.#unit ??= this.#view(this.#move.unit);
    return this.#unit;
  }

  get unitId(): string {
    return this.unit.id;
  }

  get from(): WorkUnitState {
    return this.#move.from;
  }

  get state(): WorkUnitState {
    return this.#move.to;
  }

  get at(): Date {
    return new Date(this.#move.at);
  }

  toJSON(): object {
    const { unitId, from, state, at } = this;
    return { unitId, from, state, at };
  }
}
