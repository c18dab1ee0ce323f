/** The parts of a cluster that tests do harm to. */
import { readFileSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { processesWith } from '../../../packages/core/src/adaptor/local-process.ts';
import type { Run } from '../base/commands.ts';
import { Master } from '../base/master.ts';
import { type Daemon, killAllWith, until } from '../base/processes.ts';
import { HOST_MARK } from './directories.ts';

/** Beyond what Linux gives. */
const NO_PROCESS = '4194305\n';

/** An execution host of a cluster. */
export class ExecutionHost {
  readonly name: string;
  /** What all processes of the host have as {@link HOST_MARK}. */
  readonly mark: string;
  readonly #run: Run;
  readonly #daemon: Daemon;
  readonly #directory: string;

  /** @param directory the cluster's */
  constructor(run: Run, name: string, directory: string, daemon: Daemon) {
    this.#run = run;
    this.name = name;
    this.mark = join(directory, name);
    this.#daemon = daemon;
    this.#directory = directory;
  }

  /** Loses its power: execd and every process of its jobs are gone at once. */
  async kill(): Promise<void> {
    await this.stop();
    await killAllWith([[HOST_MARK, this.mark]]);
    await this.#forgetShepherds();
  }

  /** Loses execd only, as from a lost network: the processes of its jobs go on. */
  async stop(): Promise<void> {
    await this.#daemon.end('SIGKILL');
  }

  /** Has execd again, if it has not; settles when it takes jobs. */
  async start(): Promise<void> {
    // What qmaster thinks of the host may be older than this.
    const before = this.#registrations;
    const isNew = !this.#daemon.isAlive;
    await this.#daemon.start();
    await until(`in service (${this.name})`, async () => {
      this.#daemon.mustLive();
      if (isNew && this.#registrations === before) return false;
      const { stdout } = await this.#run(['qstat', '-f', '-q', `all.q@${this.name}`]);
      return isInService(stdout, this.name);
    });
  }

  /** Has another execd: then a new qmaster has it at once. What runs goes on. */
  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /**
   * Settles when nothing of its jobs is left, and Grid Engine knows it. An execd looks once a minute after
   * jobs that another has started, and when it starts itself.
   */
  async outliveJobs(): Promise<void> {
    await until('alone (execd)', () => processesWith(HOST_MARK, this.mark).length === 1);
    await this.stop();
    await this.#forgetShepherds();
    await this.start();
  }

  /**
   * After a boot no process has the number that a shepherd had. Here a dead one has it for as long as the
   * machine's first process takes to look after it, and counts as alive.
   */
  async #forgetShepherds(): Promise<void> {
    const active = join(this.#directory, 'spool/execd', this.name, 'active_jobs');
    for (const job of await readdir(active).catch(() => [])) {
      await writeFile(join(active, job, 'pid'), NO_PROCESS);
    }
  }

  get #registrations(): number {
    const log = readFileSync(join(this.#directory, 'spool/qmaster/messages'), 'utf8');
    return log.split(`|execd on ${this.name} registered`).length - 1;
  }
}

/**
 * The sge_qmaster of a cluster, which is its scheduler, too. It spools before it answers: what it knew when
 * it died is on disk. Hosts that were there all the time take a minute to come back to it.
 */
export class QueueMaster extends Master {
  constructor(run: Run, daemon: Daemon) {
    super(run, daemon, { name: 'qmaster', ping: ['qconf', '-sss'] });
  }
}

/** Whether a queue is said to be on that host, and in no state that keeps it from taking jobs. */
export function isInService(queues: string, host: string): boolean {
  return new RegExp(`^\\S+@${host} +\\w+ +\\S+ +[\\d.]+ +\\S+ *$`, 'm').test(queues);
}
