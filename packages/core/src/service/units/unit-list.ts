/**
 * Lists of units as `submit()` and `wait()` give them back: arrays. One of many millions makes each unit
 * only when somebody takes it out, because ten million objects that nobody looks at are half a gigabyte.
 */
import type { WorkUnit } from './work-unit.ts';

/**
 * Up to so many, 50 MB, all are made: to walk through what is made when it is taken out takes twenty
 * times as long, 0.25 µs a unit instead of 0.01.
 */
const ALL_MADE = 1024 * 1024;
/** So many at a time, which takes some milliseconds, before others on the event loop get their turn. */
const SLICE = 16_384;
/** What inspect() shows, which looks past a proxy. */
const SHOWN = 101;
const INDEX = /^(?:0|[1-9]\d*)$/;

/** The units from one number on; `view` makes the one of a number. Of more than `allMade` it makes none yet. */
export async function unitList(
  first: number,
  count: number,
  view: (unit: number) => WorkUnit,
  allMade = ALL_MADE,
): Promise<WorkUnit[]> {
  if (count > allMade) return madeWhenTaken(first, count, view);
  const units = new Array<WorkUnit>(count);
  for (let i = 0; i < count; i++) {
    if (i > 0 && i % SLICE === 0) await new Promise<void>((resolve) => setImmediate(resolve));
    units[i] = view(first + i);
  }
  return units;
}

/** The same, of which none is made before it is asked for. */
export function madeWhenTaken(
  first: number,
  count: number,
  view: (unit: number) => WorkUnit,
): WorkUnit[] {
  const list: WorkUnit[] = [];
  // A length alone would have the engine make room for all, 40 to 250 ms for ten million: behind a
  // last one, which nobody gets to see, it makes none.
  list[count - 1] = undefined as never;
  const units = new Proxy(list, new MadeWhenTaken(first, count, view));
  for (let i = 0; i < Math.min(SHOWN, count); i++) list[i] = units[i] as WorkUnit;
  return units;
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
    const row = index % SLICE;
    const part = (index - row) / SLICE;
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
