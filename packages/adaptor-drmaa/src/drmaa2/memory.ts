/**
 * The C heap. What a library frees has to come from here: koffi frees its own strings itself, and a
 * library's free aborts on them ("free(): invalid pointer").
 */
import koffi from 'koffi';

/** A pointer; 0n is never one, koffi says null. */
export type Pointer = bigint;

interface Heap {
  strdup(text: string): Pointer | null;
  calloc(count: number, size: number): Pointer | null;
  free(pointer: Pointer): void;
}

let bound: Heap | undefined;

/** Not before it is asked for: koffi takes no settings any more once something is loaded. */
function heap(): Heap {
  if (bound !== undefined) return bound;
  // Of the process, not of libc.so: whatever was preloaded for malloc is the library's malloc as well.
  const libc = koffi.load(null);
  bound = {
    strdup: libc.func('strdup', 'void *', ['str']) as Heap['strdup'],
    calloc: libc.func('calloc', 'void *', ['size_t', 'size_t']) as Heap['calloc'],
    free: libc.func('free', 'void', ['void *']) as Heap['free'],
  };
  return bound;
}

function given(pointer: Pointer | null): Pointer {
  if (pointer === null) throw new Error('out of memory');
  return pointer;
}

/** A copy of the text, to be freed by C. */
export function copyString(text: string): Pointer {
  return given(heap().strdup(text));
}

/** So many bytes of zeros, to be freed by C. */
export function zeros(size: number): Pointer {
  return given(heap().calloc(1, size));
}

/** What was lent to C for a while: freed by `free()`, once nothing in C points there any more. */
export class Loans {
  readonly #pointers: Pointer[] = [];

  /** A copy of the text that C reads and does not free. */
  string(text: string): Pointer {
    const pointer = copyString(text);
    this.#pointers.push(pointer);
    return pointer;
  }

  free(): void {
    for (const pointer of this.#pointers.splice(0)) heap().free(pointer);
  }
}
