/** All units of a service, as views made while one iterates. */
import { readText } from '../../model/attribute-readers.ts';
import { DescriptionError } from '../../model/errors.ts';
import { parseUnitId } from '../../model/ids.ts';
import { WORK_UNIT_STATES } from '../../model/work-unit-state.ts';
import { written } from '../../model/written.ts';
import { type OptionReaders, readOptions } from '../base/call-options.ts';
import { oneOf } from '../base/option-readers.ts';
import { unitList } from './unit-list.ts';
import type { WorkCore } from './work-core.ts';
import type { ReadonlyWorkUnitCollection, UnitFilter, WorkUnit } from './work-unit.ts';

/** Who waits for all there have been, turn after turn, is not to pay for those of all earlier turns. */
const WAITED_MADE = 1024;

const READERS = {
  state: oneOf(...WORK_UNIT_STATES),
  group: readText,
} as const satisfies OptionReaders<UnitFilter>;

/** @throws DescriptionError for what holds anything but units */
export function readUnits(units: Iterable<WorkUnit>): WorkUnit[] {
  const isList = typeof units === 'object' && units !== null && Symbol.iterator in units;
  if (!isList) throw notUnits(units, 'list');
  const all = [...units];
  const strange = all.findIndex((unit) => typeof unit?.result !== 'function');
  if (strange >= 0) throw notUnits(all[strange], 'work unit');
  return all;
}

function notUnits(value: unknown, kind: string): DescriptionError {
  return new DescriptionError('DESCRIPTION_INVALID', `${written(value)} is no ${kind}`, {
    subject: 'units',
    hint: 'pass a list of what submit() resolved with, or nothing for all units',
  });
}

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

  filter(by: UnitFilter): Iterable<WorkUnit> {
    return this.#matching(readOptions(by, READERS));
  }

  *#matching({ state, group }: UnitFilter): Generator<WorkUnit> {
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

  /** As many, from the first on, for somebody who has waited for all: mostly nobody looks at them. */
  waited(count: number): Promise<WorkUnit[]> {
    return unitList(0, count, this.view, WAITED_MADE);
  }

  *[Symbol.iterator](): Generator<WorkUnit> {
    for (let unit = 0; unit < this.size; unit++) yield this.view(unit);
  }
}
