/** What sessions of all kinds have in common. */
import type { RemoteObject } from './remote-object.ts';

/** Closes a session; the second time there is nothing left to do. */
export class SessionEnd {
  readonly #object: RemoteObject;
  readonly #closed: () => Promise<void>;
  #closing: Promise<void> | undefined;

  /** `closed` is done afterwards, also when closing failed. */
  constructor(object: RemoteObject, closed: () => Promise<void>) {
    this.#object = object;
    this.#closed = closed;
  }

  /** Closes it in C and frees it. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const ended = this.#object.change('closeSession');
    // From here on whoever asks something of it is refused.
    this.#object.forget();
    try {
      await ended;
    } finally {
      await this.#closed();
    }
  }
}
