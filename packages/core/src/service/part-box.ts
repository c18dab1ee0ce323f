/** Puts together what comes in parts. */
import type { Part } from '../protocol/call-messages.ts';

export class PartBox {
  readonly #begun = new Map<string, Uint8Array>();

  /** All of it, when this was the last part; what is in one piece is not copied. */
  add(key: string, { at, size, data }: Part): Uint8Array | undefined {
    if (at === 0 && data.length === size) return data;
    if (at === 0) this.#begun.set(key, new Uint8Array(size));
    const whole = this.#begun.get(key);
    // Its beginning came by another link: it will be repeated.
    if (whole === undefined || at + data.length > whole.length) return undefined;
    whole.set(data, at);
    if (at + data.length < whole.length) return undefined;
    this.#begun.delete(key);
    return whole;
  }

  /** Forgets what is not complete of those whose keys begin so. */
  forget(prefix: string): void {
    for (const key of this.#begun.keys()) if (key.startsWith(prefix)) this.#begun.delete(key);
  }
}
