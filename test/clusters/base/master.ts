/** The daemon that a cluster is scheduled by, whose troubles are the same in all of them. */
import type { Run } from './commands.ts';
import { type Daemon, until } from './processes.ts';

/** How a master is asked whether it answers. */
export interface MasterCheck {
  /** The daemon's name, for messages. */
  readonly name: string;
  /** Succeeds when it answers. */
  readonly ping: readonly string[];
}

/** Dies, hangs, and comes back. */
export class Master {
  readonly #run: Run;
  readonly #daemon: Daemon;
  readonly #check: MasterCheck;

  constructor(run: Run, daemon: Daemon, check: MasterCheck) {
    this.#run = run;
    this.#daemon = daemon;
    this.#check = check;
  }

  /** Dies at once: what it has not saved is lost. */
  kill(): Promise<void> {
    return this.#daemon.end('SIGKILL');
  }

  /** Hangs: connections to it are accepted, by the kernel, and nobody answers. */
  pause(): Promise<void> {
    return this.#daemon.pause();
  }

  get isPaused(): boolean {
    return this.#daemon.isPaused;
  }

  resume(): void {
    this.#daemon.resume();
  }

  /** Settles when it answers. */
  async start(): Promise<void> {
    await this.#daemon.start();
    await until(`answering (${this.#check.name})`, async () => {
      this.#daemon.mustLive();
      return (await this.#run(this.#check.ping)).exitCode === 0;
    });
  }
}
