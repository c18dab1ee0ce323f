/** All units of a service, as views made while one iterates. */
import { parseUnitId } from '../model/ids.ts';
import type { WorkUnitState } from '../model/work-unit-state.ts';
import { unitList } from './unit-list.ts';
import type { WorkCore } from './work-core.ts';
import type { ReadonlyWorkUnitCollection, WorkUnit } from './work-unit.ts';

export class WorkUnitCollection implements ReadonlyWorkUnitCollection {
  readonly #core: WorkCore;
  /** A unit that is there. */
  readonly view: (unit: number) => WorkUnit;

  constructor(core: WorkCore, view: (unit: number) => WorkUnit) {
    this.#core = core;
    this.view = view;
  }

  get size(): number {
    return this.#core.visible.size;
  }

  get(id: string): WorkUnit | undefined {
    const parsed = parseUnitId(id);
    return parsed?.service === this.#core.id ? this.at(parsed.index) : undefined;
  }

  at(index: number): WorkUnit | undefined {
    return Number.isInteger(index) && index >= 0 && index < this.size
      ? this.view(index)
      : undefined;
  }

  *filter({ state, group }: { state?: WorkUnitState; group?: string }): Generator<WorkUnit> {
    const { manager, visible } = this.#core;
    for (let unit = 0; unit < this.size; unit++) {
      if (state !== undefined && visible.state(unit) !== state) continue;
      if (group !== undefined && manager.state.template(unit).group?.name !== group) continue;
      yield this.view(unit);
    }
  }

  /** Those from one to before another. */
  range(from: number, to: number): Promise<WorkUnit[]> {
    return unitList(from, to - from, this.view);
  }

  *[Symbol.iterator](): Generator<WorkUnit> {
    for (let unit = 0; unit < this.size; unit++) yield this.view(unit);
  }
}
