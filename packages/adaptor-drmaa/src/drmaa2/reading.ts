/** What C answers as plain objects. Everything is read at once; nothing of ours points into C later. */
import koffi from 'koffi';
import { NativeError } from '../native/native-error.ts';
import { RESOURCE_LIMITS } from './constants.ts';
import type { Drmaa2Library } from './library.ts';
import type { Pointer } from './memory.ts';
import type { PlacedMember } from './structs.ts';
import type { StructureName } from './structures.ts';
import { fromC } from './values.ts';

/** A list that claims more has not been filled by anybody. */
const LONGEST_LIST = 10_000_000;
/** The structures that have extensions; slots and versions are told without. */
const EXTENSIBLE: ReadonlySet<StructureName> = new Set([
  'jinfo',
  'rinfo',
  'jtemplate',
  'rtemplate',
  'notification',
  'queueinfo',
  'machineinfo',
]);

type Plain = Record<string, unknown>;

/** Reads the structures, lists and dictionaries of one library. */
export class Reader {
  readonly #library: Drmaa2Library;
  readonly #extensions = new Map<StructureName, readonly string[]>();

  constructor(library: Drmaa2Library) {
    this.#library = library;
  }

  /** Asks a function for a structure, reads it and frees it. */
  async ask(structure: StructureName, name: string, ...args: readonly unknown[]): Promise<Plain> {
    const pointer = await this.#library.object(name, ...args);
    try {
      return await this.structure(structure, pointer);
    } finally {
      await this.#library.free(`${structure}_free`, pointer);
    }
  }

  /** Asks a function for a list, has each entry read, and frees it. */
  async askList<T>(
    read: (entry: Pointer) => Promise<T>,
    name: string,
    ...args: readonly unknown[]
  ): Promise<T[]> {
    const list = await this.#library.object(name, ...args);
    try {
      return await this.list(list, read);
    } finally {
      await this.#library.free('list_free', list);
    }
  }

  /** Asks a function for a list of texts. */
  askStrings(name: string, ...args: readonly unknown[]): Promise<string[]> {
    return this.askList(async (entry) => koffi.decode.string(entry), name, ...args);
  }

  /** What `read` makes of each entry, which stays the list's. */
  async list<T>(list: Pointer, read: (entry: Pointer) => Promise<T>): Promise<T[]> {
    const size = Number(await this.#library.raw('list_size', list));
    if (size < 0 || size > LONGEST_LIST) throw garbage(`a list of ${size} entries`);
    const values: T[] = [];
    for (let position = 0; position < size; position++) {
      const entry = (await this.#library.raw('list_get', list, position)) as Pointer | null;
      if (entry === null) throw garbage(`a list of ${size} without its entry ${position}`);
      values.push(await read(entry));
    }
    return values;
  }

  /** A structure with its extensions; it stays who has it's. */
  async structure(name: StructureName, pointer: Pointer): Promise<Plain> {
    const { type, members } = this.#library.structures[name];
    const raw = koffi.decode(pointer, type) as Plain;
    const values: Plain = {};
    for (const member of members) {
      const value = await this.#member(member, raw[member.name]);
      if (value !== undefined) values[member.name] = value;
    }
    if (EXTENSIBLE.has(name)) Object.assign(values, await this.#extensionsOf(name, pointer));
    return values;
  }

  /** The names of the implementation's own attributes; none where it tells none. */
  async extensionNames(structure: StructureName): Promise<readonly string[]> {
    const known = this.#extensions.get(structure);
    if (known !== undefined) return known;
    const names = await this.#askExtensions(structure);
    this.#extensions.set(structure, names);
    return names;
  }

  async #askExtensions(structure: StructureName): Promise<readonly string[]> {
    const name = `${structure}_impl_spec`;
    if (!this.#library.has(name) || !this.#library.has('get_instance_value')) return [];
    try {
      return await this.askStrings(name);
    } catch (error) {
      // A stub says so each time; an error of another kind may not be one tomorrow, and is told.
      if (error instanceof NativeError && error.data.code === 'OPERATION_UNSUPPORTED') return [];
      throw error;
    }
  }

  async #extensionsOf(name: StructureName, pointer: Pointer): Promise<Plain> {
    const own: Record<string, string> = {};
    for (const attribute of await this.extensionNames(name)) {
      const value = await this.#library.raw('get_instance_value', pointer, attribute);
      if (value !== null) own[attribute] = await this.#library.takeString(value as Pointer);
    }
    return Object.keys(own).length > 0 ? { implementationSpecific: own } : {};
  }

  async #member(member: PlacedMember, raw: unknown): Promise<unknown> {
    if (member.type !== 'void *') return fromC(member, Number(raw), this.#library.layout);
    if (raw === null || raw === undefined || member.kind === 'extension') return undefined;
    const pointer = raw as Pointer;
    switch (member.kind) {
      case 'string':
        return koffi.decode.string(pointer);
      case 'strings':
        return this.list(pointer, async (entry) => koffi.decode.string(entry));
      case 'machines':
        return this.list(pointer, async (entry) => ({ machineName: koffi.decode.string(entry) }));
      case 'slots':
        return this.list(pointer, (entry) => this.structure('slotinfo', entry));
      case 'version':
        return this.structure('version', pointer);
      default:
        return this.#dictionary(pointer, member.name);
    }
  }

  async #dictionary(dictionary: Pointer, member: string): Promise<Record<string, string>> {
    const keys = await this.askStrings('dict_list', dictionary);
    const values: Record<string, string> = {};
    for (const key of keys) {
      const value = (await this.#library.raw('dict_get', dictionary, key)) as Pointer | null;
      if (value === null) continue;
      const name = member === 'resourceLimits' ? limitOf(this.#library, key) : key;
      values[name] = koffi.decode.string(value);
    }
    return values;
  }
}

/** What a library calls a limit: all but the first edition export it. */
export function limitKey(library: Drmaa2Library, limit: string): string {
  const address = library.address(`DRMAA2_${limit}`);
  return address === undefined ? limit : (koffi.decode(address, 'str') as string);
}

function limitOf(library: Drmaa2Library, key: string): string {
  return RESOURCE_LIMITS.find((limit) => limitKey(library, limit) === key) ?? key;
}

function garbage(what: string): NativeError {
  return new NativeError({
    code: 'ADAPTOR_FAILED',
    problem: `the library answered ${what}`,
    hint: 'name the layout that it was built with, if it is another',
  });
}
