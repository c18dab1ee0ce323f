/**
 * Bounds how many sessions are open on one connection at a time: servers allow some (MaxSessions, 10 by
 * default), and refuse more. How many they allow is learned from a refusal. PURE.
 */

/** Two below sshd's default, for whoever else uses the connection. */
const SESSIONS = 8;

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Counts the sessions of one host. */
export class SessionGate {
  readonly #onCrowded: () => void;
  #limit = SESSIONS;
  #open = 0;
  #waiting: Waiter[] = [];

  /** `onCrowded` is called when one has to wait: whoever holds a session for later lets it go. */
  constructor(onCrowded: () => void) {
    this.#onCrowded = onCrowded;
  }

  /** Waits for a session; rejects when the signal is aborted, or after {@link close}. */
  async enter(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.#open < this.#limit) {
      this.#open += 1;
      return;
    }
    this.#onCrowded();
    await new Promise<void>((resolve, reject) => {
      const onAbort = () => {
        this.#waiting = this.#waiting.filter((each) => each !== waiter);
        reject(signal?.reason);
      };
      const over = () => signal?.removeEventListener('abort', onAbort);
      const waiter: Waiter = {
        resolve: () => {
          over();
          resolve();
        },
        reject: (error) => {
          over();
          reject(error);
        },
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiting.push(waiter);
    });
  }

  /** One session less. */
  leave(): void {
    this.#open -= 1;
    while (this.#open < this.#limit) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#open += 1;
      next.resolve();
    }
  }

  /** The server has refused the one that has just entered; whether trying again later is of use. */
  refused(): boolean {
    const others = this.#open - 1;
    if (others > 0) this.#limit = Math.min(this.#limit, others);
    return others > 0;
  }

  /** Has all who wait give up. */
  close(error: unknown): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}
