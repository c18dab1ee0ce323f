/**
 * Finds out what was begun in a piece of a program and would keep the program from ending: timers,
 * sockets, processes. Others' are not seen, whatever runs beside it.
 */
import { AsyncLocalStorage, createHook } from 'node:async_hooks';

/** A timer or a handle; what is unreferenced keeps nothing up. */
interface Handle {
  hasRef?(): boolean;
}

/** Sees what is begun during an action, and in whatever follows from it. */
export class HandleWatch {
  readonly #within = new AsyncLocalStorage<HandleWatch>();
  readonly #begun = new Map<number, { readonly type: string; readonly handle: Handle }>();
  readonly #hook = createHook({
    init: (id, type, _trigger, handle: Handle) => {
      if (typeof handle.hasRef !== 'function') return;
      if (this.#within.getStore() === this) this.#begun.set(id, { type, handle });
    },
    destroy: (id) => void this.#begun.delete(id),
  });

  /** What the action gives. */
  during<T>(action: () => Promise<T>): Promise<T> {
    this.#hook.enable();
    return this.#within.run(this, action);
  }

  /** The kinds of what is there still and keeps the program up. */
  left(): string[] {
    return [...this.#begun.values()].flatMap(({ type, handle }) =>
      handle.hasRef?.() ? [type] : [],
    );
  }

  stop(): void {
    this.#hook.disable();
  }
}
