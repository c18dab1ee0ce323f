/** A process of threads, as its agent knows it: starts and ends the threads in it. */
import type { UnitOutcome } from '../executor/unit-run.ts';
import type { Worker, WorkerOrigin } from './worker.ts';
import type { Guest, WorkerLink } from './worker-door.ts';
import type { FromWorker, ToWorker } from './worker-messages.ts';
import type { ProcessOwner } from './worker-processes.ts';

type StartThread = Extract<ToWorker, { readonly type: 'thread' }>;

/** One process for all threads of a kind. */
export class ThreadProcess implements Guest, ProcessOwner {
  readonly kind: string;
  readonly #threads = new Map<number, Worker>();
  #link: WorkerLink | undefined;
  /** Said before there was anybody to say it to. */
  #waiting: ToWorker[] = [];
  /** Ends the process, and all threads with it. */
  readonly kill: () => void;
  readonly #lost: () => void;
  readonly #over: () => void;
  /** It takes more threads. */
  isOpen = true;
  /** Its threads leave marks; the process itself leaves none. */
  markFd = -1;

  constructor(kind: string, { kill, lost, over }: Pick<WorkerOrigin, 'kill' | 'lost' | 'over'>) {
    this.kind = kind;
    this.kill = kill;
    this.#lost = lost;
    this.#over = over;
  }

  /** Whether it has no thread. */
  get isEmpty(): boolean {
    return this.#threads.size === 0;
  }

  begin(worker: Worker, start: StartThread): void {
    this.#threads.set(worker.number, worker);
    this.#send(start);
  }

  endThread(worker: number): void {
    this.#send({ type: 'end-thread', worker });
  }

  leave(): void {
    this.isOpen = false;
    this.#send({ type: 'leave' });
  }

  #send(message: ToWorker): void {
    if (this.#link) this.#link.send(message);
    else this.#waiting.push(message);
  }

  connected(link: WorkerLink): void {
    this.#link = link;
    for (const message of this.#waiting.splice(0)) link.send(message);
  }

  receive(message: FromWorker): void {
    if (message.type !== 'thread-ended') return;
    const { worker, exitCode, problem, isOutOfMemory = false } = message;
    const thread = this.#threads.get(worker);
    this.#threads.delete(worker);
    const how = isOutOfMemory ? "ran out of memory: V8's heap is full" : problem;
    thread?.ended({ how: how ?? `exited with code ${exitCode}`, isOutOfMemory });
  }

  /** Which of its threads has done that nobody knows. */
  broken(): void {
    this.kill();
  }

  /** Whose it is cannot be told. */
  printed(): void {}

  disconnected(): void {
    this.isOpen = false;
    this.#lost();
  }

  processEnded(outcome: UnitOutcome): void {
    this.isOpen = false;
    this.#over();
    const busy = [...this.#threads.values()].filter((thread) => thread.isBusy).length;
    for (const thread of this.#threads.values()) thread.processEnded(outcome, busy > 1);
    this.#threads.clear();
  }
}
