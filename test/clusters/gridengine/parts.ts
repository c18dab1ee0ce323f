/** The parts of a cluster that tests do harm to. */
import type { Run } from '../base/commands.ts';
import { type Daemon, killAllWith, until } from '../base/processes.ts';
import { HOST_MARK } from './directories.ts';

/** An execution host of a cluster. */
export class ExecutionHost {
  readonly name: string;
  /** What all processes of the host have as {@link HOST_MARK}. */
  readonly mark: string;
  readonly #run: Run;
  readonly #daemon: Daemon;

  constructor(run: Run, name: string, mark: string, daemon: Daemon) {
    this.#run = run;
    this.name = name;
    this.mark = mark;
    this.#daemon = daemon;
  }

  /** Loses its power: execd and every process of its jobs are gone at once. */
  async kill(): Promise<void> {
    await this.stop();
    await killAllWith([[HOST_MARK, this.mark]]);
  }

  /** Loses execd only, as from a lost network: the processes of its jobs go on. */
  async stop(): Promise<void> {
    await this.#daemon.end('SIGKILL');
  }

  /** Has execd again, whatever qmaster makes of it. */
  boot(): Promise<void> {
    return this.#daemon.start();
  }

  /** Has execd again; settles when it takes jobs. */
  async start(): Promise<void> {
    await this.boot();
    await until(`in service (${this.name})`, async () => {
      this.#daemon.mustLive();
      const { stdout } = await this.#run(['qstat', '-f', '-q', `all.q@${this.name}`]);
      return isInService(stdout, this.name);
    });
  }
}

/** The sge_qmaster of a cluster, which is its scheduler, too. */
export class QueueMaster {
  readonly #run: Run;
  readonly #daemon: Daemon;

  constructor(run: Run, daemon: Daemon) {
    this.#run = run;
    this.#daemon = daemon;
  }

  /** Dies. What it knew is on disk: it spools before it answers. */
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

  /** Settles when it answers. Hosts that were there all the time come back to it within a minute. */
  async start(): Promise<void> {
    await this.#daemon.start();
    await until('answering (qmaster)', async () => {
      this.#daemon.mustLive();
      return (await this.#run(['qconf', '-sss'])).exitCode === 0;
    });
  }
}

/** Whether a queue is said to be on that host, and in no state that keeps it from taking jobs. */
export function isInService(queues: string, host: string): boolean {
  return new RegExp(`^\\S+@${host} +\\w+ +\\S+ +[\\d.]+ +\\S+ *$`, 'm').test(queues);
}
