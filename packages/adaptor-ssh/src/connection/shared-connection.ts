/**
 * One connection that many use, made again when it is lost. It knows when there is a client to use;
 * what is done with it, and what is to be done again, is known above.
 */
import type { Clock, PilotError } from '@pstar/core/adaptor';
import type { Client } from 'ssh2';
import { backOff } from './backoff.ts';
import type { Dialer } from './dial.ts';
import { Listeners } from './listeners.ts';
import { aborted, connectError, connectionLost } from './ssh-errors.ts';
import type { SshState } from './ssh-host.ts';

/** A connection that is there, or will be again. */
export class SharedConnection {
  readonly name: string;
  readonly state$ = new Listeners<SshState>();
  readonly #dialer: Dialer;
  readonly #clock: Clock;
  readonly #closing = new AbortController();
  #state: SshState;
  #client: Client | undefined;
  /** Since it was lost, or was last said to be needed. */
  #attempts = 0;
  /** The next attempt, until it is made. */
  #next: { readonly at: number; cancel(): void } | undefined;

  /** Nothing is dialed before {@link open}. */
  constructor(name: string, dialer: Dialer, clock: Clock) {
    this.name = name;
    this.#dialer = dialer;
    this.#clock = clock;
    this.#state = { state: 'reconnecting', error: connectionLost(name) };
  }

  get state(): SshState {
    return this.#state;
  }

  /** The first attempt, which is not repeated. */
  async open(): Promise<void> {
    this.#use(await this.#dialer.dial(this.#closing.signal));
  }

  /**
   * The client to use now, or when the connection is there again.
   *
   * @throws PilotError why it does not come back: at once where waiting is of no use
   */
  async client(signal?: AbortSignal): Promise<Client> {
    if (this.#client !== undefined) return this.#client;
    if (this.#state.state === 'closed') throw connectionLost(this.name);
    return await new Promise((resolve, reject) => {
      const settle = () => {
        if (this.#client !== undefined) over(() => resolve(this.#client as Client));
        else if (this.#state.state === 'closed') over(() => reject(connectionLost(this.name)));
        else if (this.#state.state === 'reconnecting' && !this.#state.error.transient) {
          const { error } = this.#state;
          over(() => reject(error));
        }
      };
      const subscription = this.state$.subscribe(settle);
      const onAbort = () => over(() => reject(signal?.reason ?? aborted(this.name)));
      const over = (call: () => void) => {
        subscription.unsubscribe();
        signal?.removeEventListener('abort', onAbort);
        call();
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      if (signal?.aborted) onAbort();
      else settle();
    });
  }

  /** Whether a client is the one in use. */
  isCurrent(client: Client): boolean {
    return this.#client === client;
  }

  /** Tries as soon and as often as after a loss, if it would wait for longer. */
  hurry(): void {
    this.#attempts = 0;
    const { state } = this;
    if (state.state !== 'reconnecting' || this.#next === undefined) return;
    const isSoon = this.#next.at - this.#clock.monotonic() <= backOff(0, () => 1);
    if (isSoon) return;
    this.#next.cancel();
    this.#again(state.error);
  }

  close(): void {
    if (this.#state.state === 'closed') return;
    this.#next?.cancel();
    this.#closing.abort();
    const client = this.#client;
    this.#client = undefined;
    client?.end();
    this.#become({ state: 'closed' });
  }

  #use(client: Client): void {
    if (this.#state.state === 'closed') {
      client.end();
      return;
    }
    let cause: Error | undefined;
    client.on('error', (error) => {
      cause ??= error;
    });
    client.once('close', () => this.#lost(client, cause));
    this.#client = client;
    this.#become({ state: 'connected' });
  }

  #lost(client: Client, cause: Error | undefined): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    this.#attempts = 0;
    this.#again(connectionLost(this.name, cause));
  }

  #again(error: PilotError): void {
    const waitMs = backOff(this.#attempts);
    this.#attempts += 1;
    this.#become({ state: 'reconnecting', error, waitMs });
    const at = this.#clock.monotonic() + waitMs;
    const timer = this.#clock.after(waitMs, () => {
      this.#next = undefined;
      this.#dialer.dial(this.#closing.signal).then(
        (client) => this.#use(client),
        (cause) => {
          if (this.#state.state === 'closed') return;
          this.#again(connectError(cause, this.name));
        },
      );
    });
    this.#next = { at, cancel: () => timer.cancel() };
  }

  #become(state: SshState): void {
    this.#state = state;
    this.state$.emit(state);
  }
}
