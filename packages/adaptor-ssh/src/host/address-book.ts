/**
 * Tells the agents of a host where their manager is: in a file of each, written again whenever that
 * has become another address, be it by a new connection or by a new manager.
 */
import type { Clock, Log } from '@pstar/core/adaptor';
import type { RemoteAddress, SshHost } from '../connection/ssh-host.ts';

const RETRY_MS = { min: 500, max: 30_000 };

/** The files of one host, by the directory of each launch. */
export class AddressBook {
  readonly #host: SshHost;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #addressOf: () => Promise<RemoteAddress>;
  /** What each was told last; undefined when nobody knows. */
  readonly #told = new Map<string, RemoteAddress | undefined>();
  #publishing = false;
  #closed = false;

  /** @param addressOf where agents find the manager now */
  constructor(
    host: SshHost,
    addressOf: () => Promise<RemoteAddress>,
    { clock, log }: { readonly clock: Clock; readonly log: Log },
  ) {
    this.#host = host;
    this.#addressOf = addressOf;
    this.#clock = clock;
    this.#log = log;
  }

  /** From now on an agent there hears of every change; of the present address too, unless it has that. */
  add(directory: string, told?: RemoteAddress): void {
    this.#told.set(directory, told);
    this.publish();
  }

  remove(directory: string): void {
    this.#told.delete(directory);
  }

  /** The address may be another one. */
  publish(): void {
    if (this.#publishing || this.#closed) return;
    this.#publishing = true;
    void this.#publish().finally(() => {
      this.#publishing = false;
    });
  }

  close(): void {
    this.#closed = true;
  }

  async #publish(): Promise<void> {
    for (let waitMs = RETRY_MS.min; !this.#closed && this.#told.size > 0; ) {
      try {
        const address = await this.#addressOf();
        const late = [...this.#told].filter(([, told]) => !isSame(told, address));
        if (late.length === 0) return;
        await Promise.all(late.map(([directory]) => this.#tell(directory, address)));
        waitMs = RETRY_MS.min;
      } catch (err) {
        this.#log.debug({ host: this.#host.name, err }, 'agents cannot be told of their manager');
        await new Promise<void>((resolve) => this.#clock.after(waitMs, resolve, { unref: true }));
        waitMs = Math.min(2 * waitMs, RETRY_MS.max);
      }
    }
  }

  async #tell(directory: string, address: RemoteAddress): Promise<void> {
    const { files } = this.#host.runner;
    // Without a directory there is no agent that could look there.
    if ((await files.stat(directory)) === undefined) this.#told.delete(directory);
    else await files.write(`${directory}/manager.json`, JSON.stringify(address), { mode: 0o600 });
    if (this.#told.has(directory)) this.#told.set(directory, address);
  }
}

function isSame(a: RemoteAddress | undefined, b: RemoteAddress): boolean {
  return a?.host === b.host && a.port === b.port;
}
