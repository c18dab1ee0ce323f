/** A group as its users hold it: a name and the service it belongs to. */
import { readRecord, readText } from '../../model/attribute-readers.ts';
import { DescriptionError } from '../../model/errors.ts';
import type { WorkUnitDescription } from '../../model/work-unit-description.ts';
import { type CallOptions, type OptionReaders, readAs, readOptions } from '../base/call-options.ts';
import type { GroupOptions, WorkUnit, WorkUnitGroup } from './work-unit.ts';

const READERS = {
  defaults: (value: Partial<WorkUnitDescription>) =>
    readRecord(value, 'write { totalCpuCount: 2 }'),
} as const satisfies OptionReaders<GroupOptions>;

/** What a group asks of its service. */
export interface GroupSource {
  members(name: string): Iterable<WorkUnit>;
  counts(name: string): { readonly members: number; readonly unfinished: number };
  submit(description: WorkUnitDescription, options?: CallOptions): Promise<WorkUnit>;
  submit(descriptions: Iterable<WorkUnitDescription>, options?: CallOptions): Promise<WorkUnit[]>;
  wait(units: Iterable<WorkUnit>, options?: CallOptions): Promise<WorkUnit[]>;
  cancelGroup(name: string): Promise<void>;
}

export class WorkUnitGroupView implements WorkUnitGroup {
  readonly kind = 'group';
  readonly name: string;
  readonly #source: GroupSource;
  readonly #defaults: Partial<WorkUnitDescription>;

  /** @throws DescriptionError */
  constructor(source: GroupSource, name: string, options: GroupOptions = {}) {
    this.#source = source;
    this.name = readAs('group', readText, name);
    this.#defaults = readOptions(options, READERS).defaults ?? {};
  }

  get workUnits(): Iterable<WorkUnit> {
    return this.#source.members(this.name);
  }

  get size(): number {
    return this.#source.counts(this.name).members;
  }

  get unfinished(): number {
    return this.#source.counts(this.name).unfinished;
  }

  submit(description: WorkUnitDescription, options?: CallOptions): Promise<WorkUnit>;
  submit(descriptions: Iterable<WorkUnitDescription>, options?: CallOptions): Promise<WorkUnit[]>;
  submit(
    work: WorkUnitDescription | Iterable<WorkUnitDescription>,
    options?: CallOptions,
  ): Promise<WorkUnit | WorkUnit[]> {
    return areSeveral(work)
      ? this.#source.submit(this.#all(work), options)
      : this.#source.submit(this.#member(work), options);
  }

  finished(options?: CallOptions): Promise<WorkUnit[]> {
    return this.#source.wait([...this.workUnits], options);
  }

  cancel(): Promise<void> {
    return this.#source.cancelGroup(this.name);
  }

  *#all(descriptions: Iterable<WorkUnitDescription>): Generator<WorkUnitDescription> {
    for (const description of descriptions) yield this.#member(description);
  }

  #member(description: WorkUnitDescription): WorkUnitDescription {
    return { ...this.#defaults, ...description, group: this.name };
  }
}

/**
 * Several descriptions, not one.
 *
 * @throws DescriptionError for what has to be waited for: a submit takes all or none, and at once
 */
export function areSeveral(
  work: WorkUnitDescription | Iterable<WorkUnitDescription>,
): work is Iterable<WorkUnitDescription> {
  if (typeof work !== 'object' || work === null) return false;
  if (Symbol.iterator in work) return true;
  if (!(Symbol.asyncIterator in work)) return false;
  throw new DescriptionError('DESCRIPTION_INVALID', 'are an async iterable', {
    subject: 'descriptions',
    hint: 'pass a list or another iterable of them: gather them first, or submit each as it comes',
  });
}
