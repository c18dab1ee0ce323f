/**
 * The workers of an agent: those that are used, and those that are kept because somebody may want
 * them soon. What they do for whom is not known here.
 */
import type { Executor } from '../executor/unit-run.ts';
import type { Clock, Timer } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { makeDirectorySync } from '../runtime/make-directory.ts';
import type { CallRun } from './call-run.ts';
import type { SplitEvents } from './split-events.ts';
import { ThreadProcess } from './thread-process.ts';
import { Worker, type WorkerUser } from './worker.ts';
import { WorkerDoor } from './worker-door.ts';
import type { WorkerSettings } from './worker-messages.ts';
import { heapMb, WorkerProcesses } from './worker-processes.ts';

/** A worker that was told to leave and is still there after so long is killed. */
const LEAVE_MS = 2_000;
/** So is one that has not even dialed; how long it may load its module, its run says. */
const DIAL_MS = 60_000;

/** What a pool is made with. */
export interface PoolOptions {
  /** Starts the processes of workers, beside those of units; it must outlive them. */
  readonly executor: Executor;
  /** What that executor was given as its listener. */
  readonly split: SplitEvents;
  /** The file that runs as a worker when it is started with `--worker`: the agent's own. */
  readonly program: string;
  /** What every worker has over the executor's base environment, and under that of its run. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Directory for what workers need on disk; absolute. */
  readonly root: string;
  /** Idle workers are kept while there are no more workers than this, busy ones included. */
  readonly cores: number;
  /** What calls are told of where they are. */
  readonly host: string;
  readonly pilotJob: string;
  /** How long a worker stays that nobody needs. */
  readonly idleMs: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** Keeps workers. */
export class WorkerPool {
  readonly #options: PoolOptions;
  readonly #door: WorkerDoor;
  readonly #processes: WorkerProcesses;
  /** All that are there, also those that are leaving. */
  readonly #workers = new Set<Worker>();
  /** Who became idle first comes first; each goes when its time is over. */
  readonly #idle = new Map<Worker, Timer>();
  readonly #leaving = new Map<Worker, Timer>();
  readonly #threadProcesses = new Set<ThreadProcess>();
  #made = 0;
  #emptied: () => void = () => {};

  /** @throws Error where no worker could reach the agent. */
  constructor(options: PoolOptions) {
    const { executor, split, program, environment = {}, root, log } = options;
    this.#options = options;
    this.#door = WorkerDoor.open(root, log);
    this.#processes = new WorkerProcesses(executor, program, this.#door.directory, environment);
    split.ofWorkers = this.#processes;
  }

  /**
   * A worker for a run: one that is warm, if there is any, or a new one, which says when it is ready.
   *
   * @param isApart nobody else is to be in its process, so that it is known who is to blame if that ends
   * @throws Error of the system's where none can be started
   */
  take(run: CallRun, user: WorkerUser, isApart = false): Worker {
    const kind = kindOf(run);
    // The last one that became idle: what it needs is still in the caches.
    const warm = [...this.#idle.keys()].findLast((worker) => worker.kind === kind);
    if (warm && !isApart) {
      this.#idle.get(warm)?.cancel();
      this.#idle.delete(warm);
      warm.user = user;
      return warm;
    }
    const worker = this.#start(run, kind, user, isApart);
    this.#makeRoom();
    return worker;
  }

  /** The worker is not needed now, and may stay. */
  release(worker: Worker): void {
    if (worker.isLeaving) return;
    if (!worker.isReady) {
      worker.kill();
      return;
    }
    const { clock, idleMs } = this.#options;
    this.#idle.set(
      worker,
      clock.after(idleMs, () => this.dismiss(worker), { unref: true }),
    );
    this.#makeRoom();
  }

  /** The worker is to end by itself: it is used up. */
  dismiss(worker: Worker): void {
    this.#idle.get(worker)?.cancel();
    this.#idle.delete(worker);
    if (worker.isLeaving) return;
    worker.isLeaving = true;
    worker.send({ type: 'leave' });
    const kill = (): void => worker.kill();
    this.#leaving.set(worker, this.#options.clock.after(LEAVE_MS, kill, { unref: true }));
  }

  /** Idle ones go where there are more workers than cores. */
  #makeRoom(): void {
    for (const worker of this.#idle.keys()) {
      if (this.#workers.size - this.#leaving.size <= this.#options.cores) return;
      this.dismiss(worker);
    }
  }

  #start(run: CallRun, kind: string, user: WorkerUser, isApart: boolean): Worker {
    const { module, export: name, cores, gpus, environment, variables, memoryLimit } = run;
    const isThread = run.isolation === 'thread';
    const threads = isThread ? this.#threadProcessFor(run, kind, isApart) : undefined;
    const number = ++this.#made;
    const scratch = this.#processes.directoryOf(number);
    const kill = (): void => (threads ? threads.endThread(number) : this.#processes.kill(number));
    const lost = (): void => this.#killLater(kill);
    const over = (): void => {
      late.cancel();
      this.#over(worker);
    };
    const worker = new Worker({ number, kind, isThread, kill, lost, over }, user);
    this.#workers.add(worker);
    const late = this.#options.clock.after(DIAL_MS, () => worker.isConnected || kill(), {
      unref: true,
    });
    const start = { worker: number, environment, variables, memoryLimit };
    try {
      const file = this.#invite(worker, number, { module, export: name, cores, gpus, scratch });
      if (threads) {
        makeDirectorySync(scratch, 0o700);
        const heap = heapMb(memoryLimit);
        const limit = heap === undefined ? {} : { heapMb: heap };
        threads.begin(worker, { type: 'thread', worker: number, file, variables, ...limit });
      } else this.#processes.start(worker, { ...start, file });
    } catch (error) {
      over();
      throw error;
    }
    return worker;
  }

  /** Not at once: a worker that a resource manager has ended along with the agent must not look as if we had. */
  #killLater(kill: () => void): void {
    this.#options.clock.after(LEAVE_MS, kill, { unref: true });
  }

  #invite(guest: Worker | ThreadProcess, worker: number, load?: WorkerSettings['load']): string {
    const { host, pilotJob } = this.#options;
    const settings = { worker, host, pilotJob, ...(load && { load }) };
    const { file, fd } = this.#door.invite(guest, settings);
    guest.markFd = fd;
    return file;
  }

  #threadProcessFor({ environment }: CallRun, kind: string, isApart: boolean): ThreadProcess {
    const shared = [...this.#threadProcesses].find((one) => one.kind === kind && one.isOpen);
    if (shared && !isApart) return shared;
    const number = ++this.#made;
    const kill = (): void => this.#processes.kill(number);
    const lost = (): void => this.#killLater(kill);
    const over = (): void => {
      this.#threadProcesses.delete(made);
      this.#door.forget(number, made.markFd);
      this.#checkEmpty();
    };
    const made = new ThreadProcess(kind, { kill, lost, over });
    made.isOpen = !isApart;
    this.#threadProcesses.add(made);
    try {
      const file = this.#invite(made, number);
      this.#processes.start(made, { worker: number, file, environment, variables: {} });
    } catch (error) {
      over();
      throw error;
    }
    return made;
  }

  #over(worker: Worker): void {
    this.#workers.delete(worker);
    this.#idle.get(worker)?.cancel();
    this.#idle.delete(worker);
    this.#leaving.get(worker)?.cancel();
    this.#leaving.delete(worker);
    this.#door.forget(worker.number, worker.markFd);
    // The last thread takes its process along.
    for (const one of this.#threadProcesses) if (one.isEmpty) one.leave();
    this.#checkEmpty();
  }

  #checkEmpty(): void {
    if (this.#workers.size === 0 && this.#threadProcesses.size === 0) this.#emptied();
  }

  /** Ends all workers, and settles when they are gone. */
  async close(): Promise<void> {
    const gone = new Promise<void>((emptied) => {
      this.#emptied = emptied;
    });
    for (const worker of this.#workers) worker.kill();
    for (const one of this.#threadProcesses) one.kill();
    this.#checkEmpty();
    await gone;
    await this.#door.close();
  }
}

/** Workers of one kind can stand in for each other. The gpus count, as a library keeps those that it has found. */
function kindOf({ module, isolation, environment, memoryLimit, gpus }: CallRun): string {
  return JSON.stringify([module, isolation, environment, memoryLimit, gpus]);
}
