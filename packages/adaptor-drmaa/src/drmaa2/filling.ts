/**
 * Templates and filters made in C out of plain objects, for the time of one call. What a structure's
 * own free frees is copied to the C heap; what no function frees, the keys and values of dictionaries,
 * is lent to C and freed after it.
 */
import koffi from 'koffi';
import { LIST_TYPES } from './constants.ts';
import type { Drmaa2Library } from './library.ts';
import { copyString, Loans, type Pointer, zeros } from './memory.ts';
import { limitKey } from './reading.ts';
import type { PlacedMember, Structure } from './structs.ts';
import { prepare } from './values.ts';

type Plain = Readonly<Record<string, unknown>>;
/** What has a function that makes one. */
type Fillable = 'jtemplate' | 'rtemplate' | 'jinfo';

/** Fills the structures of one library. */
export class Filler {
  readonly #library: Drmaa2Library;
  #prepends: boolean | undefined;

  constructor(library: Drmaa2Library) {
    this.#library = library;
  }

  /** Has `use` work with a structure that is filled with `values`; it is gone afterwards. */
  async with<T>(name: Fillable, values: Plain, use: (pointer: Pointer) => Promise<T>): Promise<T> {
    const structure = this.#library.structures[name];
    const ready = prepare(structure.members, values, this.#library.layout);
    const loans = new Loans();
    const pointer = await this.#library.object(`${name}_create`);
    try {
      for (const [member, value] of ready)
        await this.#put(structure, pointer, member.name, value, loans);
      return await use(pointer);
    } finally {
      await this.#library.free(`${name}_free`, pointer);
      loans.free();
    }
  }

  /** As `with`; without a filter `use` gets NULL, which is none. */
  async withFilter<T>(
    filter: Plain | undefined,
    use: (pointer: Pointer | null) => Promise<T>,
  ): Promise<T> {
    return filter === undefined ? use(null) : this.with('jinfo', filter, use);
  }

  /** Has `use` work with a list of pointers, or of texts, that are ours and stay so. */
  async withList<T>(
    type: keyof typeof LIST_TYPES,
    entries: readonly (Pointer | string)[],
    use: (list: Pointer) => Promise<T>,
  ): Promise<T> {
    const loans = new Loans();
    const list = await this.#library.object('list_create', LIST_TYPES[type], null);
    try {
      for (const entry of await this.#ordered(entries)) {
        const pointer = typeof entry === 'string' ? loans.string(entry) : entry;
        await this.#library.check('list_add', list, pointer);
      }
      return await use(list);
    } finally {
      await this.#library.free('list_free', list);
      loans.free();
    }
  }

  async #put(
    structure: Structure,
    pointer: Pointer,
    name: string,
    value: unknown,
    loans: Loans,
  ): Promise<void> {
    if (name === 'implementationSpecific')
      return this.#putExtensions(pointer, value as Record<string, string>, loans);
    const member = structure.members.find((each) => each.name === name) as PlacedMember;
    const raw = await this.#raw(member, value, loans);
    koffi.encode(pointer, member.offset, member.type, raw);
  }

  async #raw(member: PlacedMember, value: unknown, loans: Loans): Promise<unknown> {
    switch (member.kind) {
      case 'string':
        return copyString(value as string);
      case 'strings':
        return this.#strings(value as readonly string[]);
      case 'machines':
        return this.#strings((value as readonly Slots[]).map((slots) => slots.machineName));
      case 'slots':
        return this.#slots(value as readonly Slots[]);
      case 'dictionary':
        return this.#dictionary(member.name, value as Record<string, string>, loans);
      default:
        return value;
    }
  }

  async #putExtensions(
    pointer: Pointer,
    values: Readonly<Record<string, string>>,
    loans: Loans,
  ): Promise<void> {
    // The standard does not say whether the value is copied: it stays until nobody can look.
    for (const [name, value] of Object.entries(values)) {
      const [lentName, lentValue] = [loans.string(name), loans.string(value)];
      await this.#library.check('set_instance_value', pointer, lentName, lentValue);
    }
  }

  #strings(values: readonly string[]): Promise<Pointer> {
    return this.#list('string', 'string_free', values, copyString);
  }

  #slots(values: readonly Slots[]): Promise<Pointer> {
    const { size, members } = this.#library.structures.slotinfo;
    return this.#list('slotInfo', 'slotinfo_free', values, ({ machineName, slots }) => {
      const pointer = zeros(size);
      const [name, count] = members as readonly [PlacedMember, PlacedMember];
      koffi.encode(pointer, name.offset, name.type, copyString(machineName));
      koffi.encode(pointer, count.offset, count.type, slots ?? -1);
      return pointer;
    });
  }

  /** A list that frees its entries by a function of the library's, which wants them from its heap. */
  async #list<T>(
    type: keyof typeof LIST_TYPES,
    free: string,
    values: readonly T[],
    copy: (value: T) => Pointer,
  ): Promise<Pointer> {
    const callback = this.#library.address(`drmaa2_${free}`) ?? null;
    const list = await this.#library.object('list_create', LIST_TYPES[type], callback);
    try {
      for (const value of await this.#ordered(values)) await this.#add(list, copy(value), free);
    } catch (error) {
      await this.#library.free('list_free', list);
      throw error;
    }
    return list;
  }

  async #add(list: Pointer, entry: Pointer, free: string): Promise<void> {
    try {
      await this.#library.check('list_add', list, entry);
    } catch (error) {
      await this.#library.free(free, entry);
      throw error;
    }
  }

  async #dictionary(
    member: string,
    values: Readonly<Record<string, string>>,
    loans: Loans,
  ): Promise<Pointer> {
    const dictionary = await this.#library.object('dict_create', null);
    try {
      for (const [name, value] of Object.entries(values)) {
        const key = member === 'resourceLimits' ? limitKey(this.#library, name) : name;
        await this.#library.check('dict_set', dictionary, loans.string(key), loans.string(value));
      }
    } catch (error) {
      await this.#library.free('dict_free', dictionary);
      throw error;
    }
    return dictionary;
  }

  /** The entries in the order in which they are to be added: PBSPro's list_add prepends. */
  async #ordered<T>(values: readonly T[]): Promise<readonly T[]> {
    if (values.length < 2) return values;
    this.#prepends ??= await this.#findOut();
    return this.#prepends ? [...values].reverse() : values;
  }

  async #findOut(): Promise<boolean> {
    const loans = new Loans();
    const list = await this.#library.object('list_create', LIST_TYPES.string, null);
    try {
      const [first, second] = [loans.string('1'), loans.string('2')];
      await this.#library.check('list_add', list, first);
      await this.#library.check('list_add', list, second);
      return (await this.#library.raw('list_get', list, 0)) === second;
    } finally {
      await this.#library.free('list_free', list);
      loans.free();
    }
  }
}

interface Slots {
  readonly machineName: string;
  readonly slots?: number;
}
