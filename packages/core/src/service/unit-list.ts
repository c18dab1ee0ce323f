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
  const units = new Array<WorkUnit>(count);
  if (count > AT_ONCE) return new Proxy(units, new MadeWhenTaken(first, count, view));
  // By Array.from() it takes half as long again.
  for (let i = 0; i < count; i++) units[i] = view(first + i);
  return units;
}

/** What makes an array of holes look like one that is full: nobody can tell, but by the time it takes. */
class MadeWhenTaken implements ProxyHandler<WorkUnit[]> {
  readonly #first: number;
  readonly #count: number;
  readonly #view: (unit: number) => WorkUnit;
  /** All are there: whatever is missing now has been taken away. */
  #isFull = false;

  constructor(first: number, count: number, view: (unit: number) => WorkUnit) {
    this.#first = first;
    this.#count = count;
    this.#view = view;
  }

  get(list: WorkUnit[], key: string | symbol): unknown {
    this.#make(list, key);
    return Reflect.get(list, key);
  }

  has(list: WorkUnit[], key: string | symbol): boolean {
    this.#make(list, key);
    return Reflect.has(list, key);
  }

  getOwnPropertyDescriptor(list: WorkUnit[], key: string | symbol): PropertyDescriptor | undefined {
    this.#make(list, key);
    return Reflect.getOwnPropertyDescriptor(list, key);
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

  #make(list: WorkUnit[], key: string | symbol): void {
    if (this.#isFull || typeof key === 'symbol' || !INDEX.test(key)) return;
    const index = Number(key);
    if (index < this.#count) list[index] ??= this.#view(this.#first + index);
  }

  #fill(list: WorkUnit[]): void {
    if (this.#isFull) return;
    this.#isFull = true;
    for (let i = 0; i < this.#count; i++) list[i] ??= this.#view(this.#first + i);
  }
}
