/** A call on its way to a helper process: it settles once, by its answer, its deadline or its signal. */
import { PilotError } from '@pstar/core/adaptor';

/** How a call is made. */
export interface CallOptions {
  /** Given up when it is aborted; what is under way in C goes on. */
  readonly signal?: AbortSignal | undefined;
  /** From when it is asked. Instead of the spec's. */
  readonly timeoutMs?: number | undefined;
  /** It changes nothing: it is asked again, once, when the process died before the answer. */
  readonly idempotent?: boolean | undefined;
}

/** A method and its arguments. */
export interface Question {
  readonly method: string;
  readonly args: readonly unknown[];
}

/** Who looks after calls until they are settled. */
export interface CallKeeper {
  /** There was no answer in time; the keeper rejects the call. */
  late(call: PendingCall, timeoutMs: number): void;
  /** It needs nothing any more. */
  settled(call: PendingCall): void;
}

/** Settles the promise of whoever asked. */
export class PendingCall {
  readonly question: Question;
  readonly idempotent: boolean;
  /** Whether it has been asked before, of a process that died. */
  again = false;
  readonly promise: Promise<unknown>;
  /** How long it has from when it is asked. */
  readonly timeoutMs: number;
  readonly #keeper: CallKeeper;
  readonly #signal: AbortSignal | undefined;
  #timer: NodeJS.Timeout | undefined;
  #settle!: { resolve(value: unknown): void; reject(error: Error): void };

  /** It has no deadline before {@link within}. */
  constructor(question: Question, options: CallOptions, timeoutMs: number, keeper: CallKeeper) {
    this.question = question;
    this.idempotent = options.idempotent ?? false;
    this.timeoutMs = timeoutMs;
    this.#keeper = keeper;
    this.#signal = options.signal;
    this.promise = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    this.#signal?.addEventListener('abort', this.abort, { once: true });
  }

  /** Has so long from now on, whatever it had before. */
  within(limitMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#keeper.late(this, limitMs), limitMs);
  }

  resolve(value: unknown): void {
    this.#settle.resolve(value);
    this.#over();
  }

  reject(error: Error): void {
    this.#settle.reject(error);
    this.#over();
  }

  /** Gives it up, for the reason that its signal has. */
  readonly abort = (): void => {
    const cause = this.#signal?.reason;
    this.reject(new PilotError('ABORTED', `${this.question.method} was given up`, { cause }));
  };

  #over(): void {
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener('abort', this.abort);
    this.#keeper.settled(this);
  }
}
