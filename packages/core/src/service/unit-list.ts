/**
 * Lists of units as `submit()` and `wait()` give them back: arrays. One of very many makes each unit
 * only when somebody takes it out, because ten million objects that nobody looks at are half a
 * gigabyte, and a second in which nothing else happens.
 */
import type { WorkUnit } from './work-unit.ts';

/** Lists of so many are made at once. */
const AT_ONCE = 16_384;
const INDEX = /^(?:0|[1-9]\d*)$/;

/** The units from one number on; `view` makes the one of a number. */
export function unitList(
  first: number,
  count: number,
  view: (unit: number) => WorkUnit,
): WorkUnit[] {
  if (count > AT_ONCE) return madeWhenTaken(first, count, view);
  const units = new Array<WorkUnit>(count);
  // By Array.from() it takes half as long again.
  for (let i = 0; i < count; i++) units[i] = view(first + i);
  return units;
}

function madeWhenTaken(first: number, count: number, view: (unit: number) => WorkUnit): WorkUnit[] {
  const list: WorkUnit[] = [];
  // A length alone would have the engine make room for all, 40 to 250 ms for ten million: behind a
  // last one, which nobody gets to see, it makes none.
  list[count - 1] = undefined as never;
  return new Proxy(list, new MadeWhenTaken(first, count, view));
}

/** What makes an array of holes look like one that is full: nobody can tell, but by the time it takes. */
class MadeWhenTaken implements ProxyHandler<WorkUnit[]> {
  readonly #first: number;
  readonly #count: number;
  readonly #view: (unit: number) => WorkUnit;
  /** Those that were taken out, so many to an array. */
  #taken: WorkUnit[][] = [];
  /** All are in the list: whatever is missing now has been taken away. */
  #isFull = false;

  constructor(first: number, count: number, view: (unit: number) => WorkUnit) {
    this.#first = first;
    this.#count = count;
    this.#view = view;
  }

  get(list: WorkUnit[], key: string | symbol): unknown {
    return this.#of(key) ?? Reflect.get(list, key);
  }

  has(list: WorkUnit[], key: string | symbol): boolean {
    return this.#of(key) !== undefined || Reflect.has(list, key);
  }

  getOwnPropertyDescriptor(list: WorkUnit[], key: string | symbol): PropertyDescriptor | undefined {
    const value = this.#of(key);
    if (value === undefined) return Reflect.getOwnPropertyDescriptor(list, key);
    return { value, writable: true, enumerable: true, configurable: true };
  }

  ownKeys(list: WorkUnit[]): (string | symbol)[] {
    this.#fill(list);
    return Reflect.ownKeys(list);
  }

  defineProperty(list: WorkUnit[], key: string | symbol, property: PropertyDescriptor): boolean {
    this.#fill(list);
    return Reflect.defineProperty(list, key, property);
  }

  deleteProperty(list: WorkUnit[], key: string | symbol): boolean {
    this.#fill(list);
    return Reflect.deleteProperty(list, key);
  }

  preventExtensions(list: WorkUnit[]): boolean {
    this.#fill(list);
    return Reflect.preventExtensions(list);
  }

  /** The unit of that key, if it is the key of one and the list does not have it itself. */
  #of(key: string | symbol): WorkUnit | undefined {
    if (this.#isFull || typeof key === 'symbol' || !INDEX.test(key)) return undefined;
    const index = Number(key);
    return index < this.#count ? this.#at(index) : undefined;
  }

  #at(index: number): WorkUnit {
    const row = index % AT_ONCE;
    const part = (index - row) / AT_ONCE;
    this.#taken[part] ??= [];
    const units = this.#taken[part];
    units[row] ??= this.#view(this.#first + index);
    return units[row];
  }

  #fill(list: WorkUnit[]): void {
    if (this.#isFull) return;
    this.#isFull = true;
    list.length = 0;
    for (let i = 0; i < this.#count; i++) list.push(this.#at(i));
    this.#taken = [];
  }
}
