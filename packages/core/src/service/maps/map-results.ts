/**
 * The results of a map on their way to whoever consumes it: they wait here, in order or as they come,
 * until they are taken. Knows nothing of where they come from.
 */
import type { Span } from '../../maps/map-events.ts';

/** Results of consecutive calls. */
export interface Stretch extends Span {
  /** As many as there are calls; decoded or read only when they are taken. */
  values(): readonly unknown[] | Promise<readonly unknown[]>;
}

/** Where results wait. */
export class MapResults {
  readonly #isOrdered: boolean;
  /** By the index of the first, where there is an order. */
  readonly #apart = new Map<number, Stretch>();
  readonly #ready: Stretch[] = [];
  #next = 0;
  #end: { readonly error?: unknown } | undefined;
  #wake: (() => void) | undefined;

  constructor(isOrdered: boolean) {
    this.#isOrdered = isOrdered;
  }

  add(stretch: Stretch): void {
    if (this.#end !== undefined) return;
    if (!this.#isOrdered) this.#ready.push(stretch);
    else this.#apart.set(stretch.first, stretch);
    if (!this.#isOrdered || stretch.first === this.#next) this.#wake?.();
  }

  /** Nothing more comes; with an error, which is thrown once what is there has been taken. */
  end(how: { readonly error?: unknown } = {}): void {
    this.#end ??= how;
    this.#wake?.();
  }

  /** The next results if they are there; undefined at the end, a promise where they are waited for. */
  async next(): Promise<Stretch | undefined> {
    for (;;) {
      const stretch = this.#take();
      if (stretch !== undefined) return stretch;
      if (this.#end !== undefined) {
        if ('error' in this.#end) throw this.#end.error;
        return undefined;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #take(): Stretch | undefined {
    if (!this.#isOrdered) return this.#ready.shift();
    const stretch = this.#apart.get(this.#next);
    if (stretch === undefined) return undefined;
    this.#apart.delete(this.#next);
    this.#next += stretch.count;
    return stretch;
  }
}
