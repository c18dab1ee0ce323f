/** How the code of a bundle speaks to the worker that loads it: by a global that is there meanwhile. */

/** Of the global registry, for the sources of bundles. */
export const LOADER_NAME = 'pstar.loader';

/** Where bundles find the {@link Loader}; nobody is there where they are loaded by others. */
export const LOADER: unique symbol = Symbol.for(LOADER_NAME) as never;

/** Of the global registry: where a worker says which file is its program, by its URL. */
export const WORKER_NAME = 'pstar.worker';

/** What the code of a bundle says while it is loaded. */
export interface Loader {
  /** The first thing that it does: the bundle exports these, and was made of that file. */
  register(exports: () => Readonly<Record<string, unknown>>, file?: string): void;
  /** It calls something that opens a service, and will be stuck if it waits for that. */
  arrived(): void;
}
