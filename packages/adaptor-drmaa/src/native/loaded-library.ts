/**
 * Loads a library of a resource manager so that nothing of what is known to go wrong does, and calls
 * its functions. Knows no function by name.
 *
 * What goes wrong otherwise, each seen with Node.js 20 and koffi 3.3:
 * - Unloaded at the end of the process, as soon as one call has run on a thread of the pool, libraries
 *   crash it (Grid Engine 8.1.9 and slurm-drmaa): their threads' destructors are gone. So they are
 *   pinned before koffi opens them.
 * - With its symbols global, one library answers for another (`drmaa_get_DRMAA_implementation` of Grid
 *   Engine said SLURM). So they are local.
 * - Plugins of libslurm want its symbols global, and end the process if they are not. So that one alone
 *   is made global, where a library has brought it along.
 * - A library that has its own malloc and static TLS does not load late. The environment that a helper
 *   starts with has room for it.
 */
import { existsSync, readFileSync } from 'node:fs';
import koffi, { type LibraryHandle } from 'koffi';
import { NativeError } from './native-error.ts';
import { noteCall } from './under-way.ts';

const RTLD_NOW = 0x2;
const RTLD_NOLOAD = 0x4;
const RTLD_GLOBAL = 0x100;
const RTLD_NODELETE = 0x1000;

/** Libraries that load plugins which need their symbols. */
const FOR_PLUGINS = /\/libslurm[^/]*\.so[^/]*$/;

/** What libraries of each standard have, and how they are loaded. */
const STANDARDS = {
  'DRMAA 1': { symbols: ['drmaa_init', 'drmaa_run_job'], load: 'loadDrmaa, or as drmaa://' },
  'DRMAA 2': {
    symbols: ['drmaa2_create_jsession', 'drmaa2_jtemplate_create'],
    load: 'loadDrmaa2, or as drmaa2://',
  },
};

type Type = Parameters<typeof koffi.out>[0];
type KoffiFunction = ReturnType<LibraryHandle['func']>;

/** Calls a function of a library on a thread of the pool. */
export type NativeFunction = (...args: readonly unknown[]) => Promise<unknown>;

/** A library of a resource manager, loaded for as long as this process lives. */
export class LoadedLibrary {
  readonly path: string;
  readonly #handle: LibraryHandle;

  private constructor(path: string, handle: LibraryHandle) {
    this.path = path;
    this.#handle = handle;
  }

  /**
   * Loads the library of this path, or of this name where the system finds it.
   *
   * @throws NativeError `NOT_FOUND` when there is no such file, `ADAPTOR_FAILED` when it cannot be
   * loaded, with the system's own words.
   */
  static load(path: string): LoadedLibrary {
    // Beyond 256, koffi would refuse calls that are under way at once.
    koffi.config({ max_async_calls: 4096 });
    const libc = koffi.load(null);
    const dlopen = libc.func('dlopen', 'void *', ['str', 'int']);
    // Bound beforehand: looking for a function forgets what went wrong before.
    const dlerror = libc.func('dlerror', 'str', []);
    if (dlopen(path, RTLD_NOW | RTLD_NODELETE) === null) throw notLoaded(path, String(dlerror()));
    for (const found of loadedFiles().filter((file) => FOR_PLUGINS.test(file)))
      dlopen(found, RTLD_NOW | RTLD_NOLOAD | RTLD_GLOBAL);
    return new LoadedLibrary(path, koffi.load(path, {}));
  }

  /**
   * Makes sure that a library is one of this standard, where it is clearly one of the other.
   *
   * @throws NativeError `ADAPTOR_INCOMPATIBLE`
   */
  mustBe(standard: keyof typeof STANDARDS): this {
    const other = standard === 'DRMAA 1' ? 'DRMAA 2' : 'DRMAA 1';
    if (this.#isOf(standard) || !this.#isOf(other)) return this;
    throw new NativeError({
      code: 'ADAPTOR_INCOMPATIBLE',
      problem: `it is a library of ${other}, and not of ${standard}`,
      subject: this.path,
      hint: `load it by ${STANDARDS[other].load}`,
    });
  }

  #isOf(standard: keyof typeof STANDARDS): boolean {
    return STANDARDS[standard].symbols.some((symbol) => this.has(symbol));
  }

  /** Whether the library has a function or a variable of this name. */
  has(name: string): boolean {
    return this.symbol(name) !== undefined;
  }

  /** The address of a function or a variable; undefined when the library has none of this name. */
  symbol(name: string): bigint | undefined {
    try {
      return this.#handle.symbol(name) as bigint;
    } catch {
      return undefined;
    }
  }

  /** A function that the library has, as koffi binds it. */
  func(name: string, result: Type, parameters: readonly Type[]): KoffiFunction {
    return this.#handle.func(name, result, [...parameters]);
  }

  /** Notes that a function is about to be called; the result notes that it has returned. */
  record(name: string): () => void {
    return noteCall(name);
  }

  /**
   * A function of the library, looked for when it is first called.
   *
   * @throws NativeError `OPERATION_UNSUPPORTED` when called, if the library does not have it.
   */
  function(name: string, result: Type, parameters: readonly Type[]): NativeFunction {
    let found: KoffiFunction | undefined;
    return async (...args) => {
      if (found === undefined && !this.has(name)) throw this.#lacks(name);
      found ??= this.func(name, result, parameters);
      const target = found;
      const returned = noteCall(name);
      try {
        return await new Promise((resolve, reject) => {
          target.async(...args, (error: unknown, value: unknown) =>
            error ? reject(error) : resolve(value),
          );
        });
      } finally {
        returned();
      }
    };
  }

  #lacks(name: string): NativeError {
    return new NativeError({
      code: 'OPERATION_UNSUPPORTED',
      problem: `the library has no function ${name}`,
      subject: this.path,
      call: name,
    });
  }
}

/** The files of all libraries in this process. */
function loadedFiles(): string[] {
  const maps = readFileSync('/proc/self/maps', 'utf8').split('\n');
  return [...new Set(maps.flatMap((line) => /\s(\/.*)$/.exec(line)?.[1] ?? []))];
}

/** What to do about what `dlopen` says. */
const WAYS_OUT: readonly { readonly words: RegExp; readonly hint: string }[] = [
  {
    words: /static TLS/,
    hint: 'raise glibc.rtld.optional_static_tls in GLIBC_TUNABLES of options.environment, or set LD_PRELOAD there to the library that needs it',
  },
  {
    words: /cannot open shared object file/,
    hint: 'add the directory of the missing library to LD_LIBRARY_PATH of options.environment',
  },
  {
    words: /Is a directory|cannot read file data/,
    hint: 'name the file of the library, not its directory',
  },
  { words: /ELF/, hint: 'take the library that was built for this system' },
];

function notLoaded(path: string, words: string): NativeError {
  if (path.includes('/') && !existsSync(path)) {
    const hint =
      'name the file of the library, as libdrmaa.so in the lib folder of the resource manager';
    return new NativeError({ code: 'NOT_FOUND', problem: words, hint });
  }
  const hint = WAYS_OUT.find((way) => way.words.test(words))?.hint;
  return new NativeError({
    code: 'ADAPTOR_FAILED',
    problem: words,
    subject: path,
    ...(hint && { hint }),
  });
}
