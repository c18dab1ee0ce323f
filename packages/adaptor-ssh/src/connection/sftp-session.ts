/** One sftp session that is opened when it is needed, and given up when nobody needs it. */
import { AdaptorError, type Clock } from '@pstar/core/adaptor';
import type { SFTPWrapper } from 'ssh2';
import { connectionLost } from './ssh-errors.ts';

const IDLE_MS = 10_000;

/** Lends the session to whatever wants to do something with files. */
export class SftpSession {
  readonly #name: string;
  readonly #clock: Clock;
  readonly #start: () => Promise<SFTPWrapper>;
  #opening: Promise<SFTPWrapper> | undefined;
  #users = 0;
  #idle: { cancel(): void } | undefined;

  constructor(name: string, clock: Clock, start: () => Promise<SFTPWrapper>) {
    this.#name = name;
    this.#clock = clock;
    this.#start = start;
  }

  /**
   * Does some work, and once more on a new connection when the one it had was lost: so it must be fit
   * to be done twice.
   */
  async use<T>(work: (sftp: SFTPWrapper) => Promise<T>): Promise<T> {
    this.#users += 1;
    this.#idle?.cancel();
    try {
      return await this.#attempt(work).catch((error) => {
        if (error instanceof AdaptorError && error.code === 'CONNECTION_LOST') {
          return this.#attempt(work);
        }
        throw error;
      });
    } finally {
      this.#users -= 1;
      if (this.#users === 0)
        this.#idle = this.#clock.after(IDLE_MS, () => this.end(), { unref: true });
    }
  }

  /** Gives the session up, if nobody uses it. */
  end(): void {
    if (this.#users > 0) return;
    this.#idle?.cancel();
    const opening = this.#opening;
    this.#opening = undefined;
    opening?.then(
      (sftp) => sftp.end(),
      () => {},
    );
  }

  async #attempt<T>(work: (sftp: SFTPWrapper) => Promise<T>): Promise<T> {
    this.#opening ??= this.#open();
    const opening = this.#opening;
    let isGone = false;
    const sftp = await opening;
    const gone = new Promise<never>((_, reject) => {
      sftp.once('close', () => {
        isGone = true;
        reject(connectionLost(this.#name));
      });
    });
    gone.catch(() => {});
    try {
      return await Promise.race([work(sftp), gone]);
    } catch (error) {
      // Whether its answer or its end is heard first is chance.
      throw isGone ? connectionLost(this.#name, error) : error;
    }
  }

  async #open(): Promise<SFTPWrapper> {
    try {
      const sftp = await this.#start();
      sftp.setMaxListeners(0);
      sftp.on('error', () => {});
      const opening = this.#opening;
      sftp.once('close', () => {
        if (this.#opening === opening) this.#opening = undefined;
      });
      return sftp;
    } catch (error) {
      this.#opening = undefined;
      throw error;
    }
  }
}
