/** What the halves of the native service share. */
import type { Filler } from './filling.ts';
import type { HeldObjects } from './held.ts';
import type { Drmaa2Library } from './library.ts';
import type { Reader } from './reading.ts';

/** What the methods work with. */
export interface Native {
  readonly library: Drmaa2Library;
  readonly reader: Reader;
  readonly filler: Filler;
  readonly held: HeldObjects;
}

/** Methods by name, each done in a turn of its own. */
export type Methods = Readonly<Record<string, (...args: never[]) => Promise<unknown>>>;
