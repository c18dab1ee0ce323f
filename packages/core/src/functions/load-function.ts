/**
 * Takes a function out of a bundle, in a worker. Bundles register what they export before their code
 * runs (bundle-plugin.ts): of a module that is an author's main program, and never gets past the opening
 * of its services there, functions are found all the same.
 */
import { setImmediate } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { LOADER, type Loader } from './loader.ts';
import { type TaskInitContext, taskBody } from './task-types.ts';

/** A function of a bundle, ready to be called. */
export interface LoadedFunction {
  /** Calls it with these arguments; the context comes last. May throw, or give a promise. */
  readonly call: (...args: readonly unknown[]) => unknown;
  /** The module's `init`, if it exports one. */
  readonly init: ((context: TaskInitContext) => unknown) | undefined;
}

/** A module has thrown while it was loaded; `cause` is what. */
export class LoadError extends Error {
  constructor(file: string | undefined, thrown: unknown) {
    super(`${file ?? 'its module'} has thrown while it was loaded`, { cause: thrown });
  }
}

/** A module was kept from ending its process. */
class EndingError extends Error {}

type Exports = Readonly<Record<string, unknown>>;

/** What is known of a bundle that is being loaded, or was. */
interface Loading {
  exports: (() => Exports) | undefined;
  /** Its author's, as far as the bundle has said so. */
  file: string | undefined;
  readonly over: Promise<void>;
}

const loadings = new Map<string, Loading>();
/** Bundles are loaded one after the other, so that it is known which one registers, or has come to its services. */
let last: Promise<unknown> = Promise.resolve();

/**
 * Loads a bundle, once for each process or thread, and gives the function that it exports by this name.
 * What a program does before it opens its services is done; it is not let end the process meanwhile.
 *
 * @throws LoadError where the module throws while it is loaded; or an Error that says what is missing.
 */
export async function loadFunction(file: string, exportName: string): Promise<LoadedFunction> {
  const { href } = pathToFileURL(file);
  const loading = loadings.get(href) ?? load(href);
  await loading.over;
  const init = functionOf(loading, 'init');
  return { call: functionOf(loading, exportName) ?? missing(loading, exportName), init };
}

function load(href: string): Loading {
  const before = last;
  const loading: Loading = {
    exports: undefined,
    file: undefined,
    over: before.then(() => loadAlone(href, loading)),
  };
  last = loading.over.catch(() => {});
  loadings.set(href, loading);
  return loading;
}

async function loadAlone(href: string, loading: Loading): Promise<void> {
  const { exit } = process;
  const host = globalThis as { [LOADER]?: Loader };
  process.exit = refuseToExit;
  try {
    const arrived = new Promise<void>((resolve) => {
      host[LOADER] = {
        register(exports, file) {
          loading.exports = exports;
          loading.file = file;
        },
        arrived: resolve,
      };
    });
    const imported = import(href).then(
      (exports: Exports) => {
        loading.exports = () => exports;
      },
      (thrown: unknown) => {
        throw thrown instanceof EndingError ? thrown : new LoadError(loading.file, thrown);
      },
    );
    // A program that does not wait for its services at its top level is loaded to its end at once.
    await Promise.race([imported, arrived.then(() => setImmediate())]);
  } finally {
    process.exit = exit;
    delete host[LOADER];
  }
}

function refuseToExit(code?: number | string | null): never {
  throw new EndingError(
    `the module ended its process (process.exit(${code ?? ''})) while it was loaded: export functions from a module that only has them`,
  );
}

function functionOf({ exports }: Loading, name: string): LoadedFunction['call'] | undefined {
  const found = exports?.();
  const value = exportOf(found, name) ?? exportOf(exportOf(found, 'default') as Exports, name);
  if (typeof value !== 'function') return undefined;
  return (value as { [taskBody]?: LoadedFunction['call'] })[taskBody] ?? (value as never);
}

function exportOf(exports: Exports | undefined, name: string): unknown {
  try {
    return exports?.[name];
  } catch {
    // A `const` that its module has not come to.
    return undefined;
  }
}

function missing({ exports = () => ({}) }: Loading, name: string): never {
  const found = exports();
  const value = exportOf(found, name);
  if (name in found) {
    throw new Error(
      value === undefined
        ? `${name} has no value yet where the module opens its services: define it above, or in a module of its own`
        : `${name} of the module is no function, but of type ${typeof value}`,
    );
  }
  // Those that have no value yet may be functions.
  const functionsOf = (exports: Exports): string[] =>
    Object.keys(exports).filter((each) =>
      ['function', 'undefined'].includes(typeof exportOf(exports, each)),
    );
  // What a CommonJS module exports is the default, as an object.
  const whole = exportOf(found, 'default');
  const inner = typeof whole === 'object' && whole !== null ? functionsOf(whole as Exports) : [];
  const functions = [...new Set([...functionsOf(found), ...inner])];
  throw new Error(
    `the module exports no function ${name}, but ${functions.join(', ') || 'nothing'}`,
  );
}
