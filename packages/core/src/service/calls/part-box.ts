/** Puts together what comes in parts. */
import { PilotError } from '../../model/errors.ts';
import type { Part } from '../../protocol/call-messages.ts';

/** Nothing is larger: to its agent a worker says in four bytes how long a value is. */
const MOST_BYTES = 2 ** 32 - 1;

export class PartBox {
  readonly #begun = new Map<string, Uint8Array>();

  /**
   * All of it, when this was the last part; what is in one piece is not copied.
   *
   * @throws PilotError `PROTOCOL_MISMATCH` for a part of nothing that there could be
   */
  add(key: string, { at, size, data }: Part): Uint8Array | undefined {
    if (at === 0 && data.length === size) return data;
    if (!(isSize(size) && isSize(at) && at + data.length <= size)) {
      throw misreported(`${data.length} bytes at ${at} of ${size}`);
    }
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

function isSize(bytes: number): boolean {
  return Number.isSafeInteger(bytes) && bytes >= 0 && bytes <= MOST_BYTES;
}

/** What an agent says cannot be. Whoever has its link gives that up when this is thrown. */
export function misreported(what: string): PilotError {
  return new PilotError('PROTOCOL_MISMATCH', `the agent has reported ${what}`, {
    hint: 'check that both sides run the same version',
  });
}
