/**
 * A DRMAA 2 library within the helper process: its functions by name, called one after the other, and
 * what is wrong as an error. It knows how calls are made and nothing of what they mean.
 */
import koffi, { type KoffiFunc } from 'koffi';
import type { LoadedLibrary } from '../native/loaded-library.ts';
import { NativeError } from '../native/native-error.ts';
import { DRMAA2_ERRORS } from './errors.ts';
import { type Answer, FUNCTIONS, type Signature } from './functions.ts';
import { LAYOUTS, layoutOf, RENAMED } from './layouts.ts';
import type { Pointer } from './memory.ts';
import { type Structure, structuresOf } from './structs.ts';
import type { Drmaa2Layout, StructureName } from './structures.ts';

type Native = KoffiFunc<(...args: unknown[]) => unknown>;

interface Bound {
  readonly symbol: string;
  readonly native: Native;
  readonly signature: Signature;
}

const KEPT_POINTER = koffi.inout(koffi.pointer('void *'));
const WRITTEN_POINTER = koffi.out(koffi.pointer('void *'));
const PARAMETERS: Readonly<Record<string, Parameters<typeof koffi.out>[0]>> = {
  p: 'void *',
  r: KEPT_POINTER,
  w: WRITTEN_POINTER,
  s: 'str',
  i: 'int',
  l: 'long',
  t: 'long',
};
const RESULTS: Readonly<Record<Answer, string>> = {
  error: 'int',
  truth: 'int',
  state: 'int',
  count: 'long',
  object: 'void *',
  string: 'void *',
  borrowed: 'void *',
  nothing: 'void',
};

/** A library whose layout is known. */
export class Drmaa2Library {
  readonly layout: Drmaa2Layout;
  readonly structures: Readonly<Record<StructureName, Structure>>;
  readonly #library: LoadedLibrary;
  readonly #bound = new Map<string, Bound | undefined>();
  #turn: Promise<unknown> = Promise.resolve();
  /**
   * Whether the library may call us. While it does, it may hold a lock until we have answered, and
   * waiting for that lock here would be for ever: then no function is called in place.
   */
  #listening = false;

  constructor(library: LoadedLibrary, layout?: Drmaa2Layout) {
    this.#library = library;
    this.layout = layout ?? layoutOf((symbol) => library.symbol(symbol) !== undefined);
    this.structures = structuresOf(this.layout);
  }

  /**
   * Does one thing after the other: `drmaa2_lasterror` is about the last call of all, and what one
   * works with another must not free.
   */
  turn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }

  /** Whether the library has the function, by any of its names. */
  has(name: string): boolean {
    return this.#bind(name) !== undefined;
  }

  /** What stands for a contact in C; nothing where the library allows it. */
  contact(contact: string | undefined): string | null {
    return contact ?? (LAYOUTS[this.layout].needsContact ? '' : null);
  }

  /** Whether there is a function that makes a new structure of this name. */
  creates(structure: StructureName): boolean {
    return FUNCTIONS.has(`${structure}_create`) && this.has(`${structure}_create`);
  }

  /** Where something that the library exports is, to be given to it or to be read. */
  address(symbol: string): Pointer | undefined {
    return this.#library.symbol(symbol);
  }

  /** Something new of the library's, which the caller has to free. */
  async object(name: string, ...args: readonly unknown[]): Promise<Pointer> {
    const pointer = (await this.#call(name, args)) as Pointer | null;
    if (pointer !== null) return pointer;
    throw (await this.#failure(name)) ?? silent(this.#symbolOf(name), this.#library.path);
  }

  /** A text, which is freed here; undefined where the library has none and says nothing else. */
  async string(name: string, ...args: readonly unknown[]): Promise<string | undefined> {
    const pointer = (await this.#call(name, args)) as Pointer | null;
    if (pointer !== null) return this.takeString(pointer);
    const error = await this.#failure(name);
    if (error !== undefined) throw error;
    return undefined;
  }

  /** Reads a text of the library's and frees it. */
  async takeString(pointer: Pointer): Promise<string> {
    try {
      return koffi.decode.string(pointer);
    } finally {
      await this.free('string_free', pointer);
    }
  }

  /** Does something that can fail. */
  async check(name: string, ...args: readonly unknown[]): Promise<void> {
    const number = Number(await this.#call(name, args));
    if (number !== 0) throw this.#error(name, number, await this.#lastText(name));
  }

  /** A number, or a pointer into what was asked, as it is. */
  async raw(name: string, ...args: readonly unknown[]): Promise<unknown> {
    return await this.#call(name, args);
  }

  /** Frees what is behind the pointer by the function that does so. */
  async free(name: string, pointer: Pointer): Promise<void> {
    await this.#call(name, [[pointer]]);
  }

  /** What the last call that answered nothing said about it; undefined if that was all well. */
  async lastError(name: string): Promise<NativeError | undefined> {
    return await this.#failure(name);
  }

  /** Has the library tell of events to a function of ours, or to nobody. */
  async listen(callback: Pointer | null): Promise<void> {
    this.#listening = true;
    await this.check('register_event_notification', callback);
    this.#listening = callback !== null;
  }

  async #failure(name: string): Promise<NativeError | undefined> {
    const number = Number(await this.#call('lasterror', [], name));
    return number === 0 ? undefined : this.#error(name, number, await this.#lastText(name));
  }

  async #lastText(name: string): Promise<string | undefined> {
    if (!this.has('lasterror_text')) return undefined;
    const pointer = (await this.#call('lasterror_text', [], name)) as Pointer | null;
    if (pointer === null) return undefined;
    if (LAYOUTS[this.layout].lastErrorIsStatic) return koffi.decode.string(pointer);
    return this.takeString(pointer);
  }

  #error(name: string, number: number, diagnosis: string | undefined): NativeError {
    const known = DRMAA2_ERRORS.find((error) => error.number === number);
    const call = this.#symbolOf(name);
    const what = known?.name ?? `error ${number}, which is none of DRMAA 2`;
    return new NativeError({
      code: known?.code ?? 'ADAPTOR_FAILED',
      problem: diagnosis ? `${call}: ${diagnosis}` : `${call} answered ${what}`,
      ...(known !== undefined && { drmaa: known.name }),
      ...(diagnosis && { diagnosis }),
      call,
    });
  }

  #symbolOf(name: string): string {
    return this.#bind(name)?.symbol ?? `drmaa2_${name}`;
  }

  #bind(name: string): Bound | undefined {
    if (!this.#bound.has(name)) this.#bound.set(name, this.#find(name));
    return this.#bound.get(name);
  }

  #find(name: string): Bound | undefined {
    const signature = FUNCTIONS.get(name);
    if (signature === undefined) throw new Error(`no signature of drmaa2_${name}`);
    const symbols = (RENAMED[name] ?? [name]).map((each) => `drmaa2_${each}`);
    const symbol = symbols.find((each) => this.#library.symbol(each) !== undefined);
    if (symbol === undefined) return undefined;
    const parameters = [...signature.takes].map((letter) => PARAMETERS[letter]);
    const native = this.#library.func(symbol, RESULTS[signature.answer], parameters as never);
    return { symbol, native: native as Native, signature };
  }

  /**
   * Calls on the one thread there is for it, where also the last error is kept. What only touches
   * memory is called in place, 40 µs faster, unless the call that `about` is on the other thread.
   */
  #call(name: string, args: readonly unknown[], about = name): Promise<unknown> | unknown {
    const bound = this.#bind(name);
    if (bound === undefined) throw missing(`drmaa2_${name}`, this.#library.path);
    const { native, symbol } = bound;
    if (FUNCTIONS.get(about)?.memory && !this.#listening) return native(...args);
    const done = this.#library.record(symbol);
    return new Promise((resolve, reject) => {
      native.async(...args, (error: unknown, result: unknown) => {
        done();
        if (error) reject(error);
        else resolve(result);
      });
    });
  }
}

function missing(call: string, library: string): NativeError {
  return new NativeError({
    code: 'OPERATION_UNSUPPORTED',
    problem: `the library has no ${call}`,
    subject: library,
    call,
  });
}

/** As PBSPro's stubs do for what they cannot do. */
function silent(call: string, library: string): NativeError {
  return new NativeError({
    code: 'OPERATION_UNSUPPORTED',
    problem: `${call} answered nothing, and no error`,
    subject: library,
    call,
  });
}
