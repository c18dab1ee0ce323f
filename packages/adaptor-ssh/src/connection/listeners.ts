/** Tells all who want to know. */
import type { Subscribable, Unsubscribable } from '@pstar/core/adaptor';

/** Values as they come, for whoever listens at the time. */
export class Listeners<T> implements Subscribable<T> {
  readonly #listeners = new Set<(value: T) => void>();

  subscribe(next: (value: T) => void): Unsubscribable {
    // Each subscription is its own, also of a listener that is there already.
    const listener = (value: T) => next(value);
    this.#listeners.add(listener);
    return { unsubscribe: () => void this.#listeners.delete(listener) };
  }

  emit(value: T): void {
    for (const listener of [...this.#listeners]) listener(value);
  }
}
