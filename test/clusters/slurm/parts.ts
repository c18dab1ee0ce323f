/** The parts of a cluster that tests do harm to. */
import { readdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Run } from '../base/commands.ts';
import { Master } from '../base/master.ts';
import { type Daemon, killAllWith, until } from '../base/processes.ts';

/** One node of a cluster. */
export class SlurmNode {
  readonly name: string;
  readonly #run: Run;
  readonly #conf: string;
  readonly #daemon: Daemon;

  constructor(run: Run, name: string, conf: string, daemon: Daemon) {
    this.#run = run;
    this.name = name;
    this.#conf = conf;
    this.#daemon = daemon;
  }

  /** Loses its power: slurmd and every process of its jobs are gone at once. */
  async kill(): Promise<void> {
    await this.#daemon.end('SIGKILL');
    await killAllWith([['SLURM_CONF', this.#conf]]);
  }

  /** Loses slurmd only, as from a lost network: the processes of its jobs go on. */
  async stop(): Promise<void> {
    await this.#daemon.end('SIGKILL');
  }

  /** Is known to be lost: Slurm itself takes a minute and more to notice. */
  async setDown(): Promise<void> {
    const state = ['State=DOWN', 'Reason=lost'];
    await this.#run(['scontrol', 'update', `NodeName=${this.name}`, ...state]);
  }

  /** Has slurmd again, and is taken back, whatever was wrong; settles when it takes jobs. */
  async start(): Promise<void> {
    await this.boot();
    await until(`${this.name} in service`, async () => {
      const { stdout } = await this.#run(['sinfo', '-h', '-n', this.name, '-o', '%T']);
      // What is set down, by hand or by Slurm itself, stays so.
      if (/^(down|drain(ed|ing))\b/m.test(stdout)) {
        await this.#run(['scontrol', 'update', `NodeName=${this.name}`, 'State=RESUME']);
      }
      return /^(idle|mixed|allocated)$/m.test(stdout);
    });
  }

  /** Starts slurmd, whatever the controller makes of it. */
  boot(): Promise<void> {
    return this.#daemon.start();
  }
}

/** The slurmctld of a cluster. */
export class SlurmController extends Master {
  readonly #run: Run;
  readonly #daemon: Daemon;
  readonly #state: string;

  constructor(run: Run, daemon: Daemon, directory: string) {
    super(run, daemon, { name: 'slurmctld', ping: ['scontrol', 'ping'] });
    this.#run = run;
    this.#daemon = daemon;
    this.#state = join(directory, 'state/job_state');
  }

  /**
   * Settles when all that it knows now is on disk: it saves some seconds after a change. Leaves a
   * canceled job of this name.
   */
  async saved(): Promise<void> {
    const held = ['sbatch', '--parsable', '--hold', '--job-name=saved', '--wrap=true'];
    const { stdout } = await this.#run(held);
    const changed = Date.now();
    await this.#run(['scancel', stdout.trim()]);
    await until('saved (slurmctld)', async () => (await stat(this.#state)).mtimeMs > changed);
  }

  /** Dies and comes back without what it had saved: it knows of no job, and begins anew with its ids. */
  async forget(): Promise<void> {
    await this.kill();
    const directory = dirname(this.#state);
    const saved = (await readdir(directory)).filter((name) => name !== 'jwt.key');
    await Promise.all(saved.map((name) => rm(join(directory, name), { recursive: true })));
    await this.start();
  }

  /** Saves what it knows, and ends. */
  stop(): Promise<void> {
    return this.#daemon.end('SIGTERM');
  }
}
