/** A worker as its agent knows it: what is told to it and heard of it, until it is gone. */
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import type { OutputStream, UnitOutcome } from '../executor/unit-run.ts';
import { type Mark, readMark } from './mark.ts';
import type { Guest, WorkerLink } from './worker-door.ts';
import type { FromWorker, FunctionName, ToldProblem, ToWorker } from './worker-messages.ts';
import type { ProcessOwner } from './worker-processes.ts';

/** V8's words, on the standard error of a process whose heap was full. */
const HEAP_IS_FULL = /JavaScript heap out of memory|Allocation failed/;
const PAGE_BYTES = 4096;

/** Why there is no process. */
export type NoProcess = Pick<UnitOutcome, 'problem' | 'reason' | 'isOfNode'>;

/** How a worker has ended. */
export interface WorkerEnd {
  /** In half a sentence: `exited with code 3`. */
  readonly how: string;
  readonly isOutOfMemory: boolean;
  readonly stderrTail?: string;
  /** By a signal that none of us has sent. */
  readonly signal?: number | undefined;
  /** Its process could not be started at all. */
  readonly notStarted?: NoProcess;
  /** Another thread of its process was at something too: nobody knows which of them has ended it. */
  readonly isShared?: boolean;
  /** What it said itself, while it could. */
  readonly lastWords?: Extract<FromWorker, { readonly type: 'dying' }> | undefined;
  /** Where it was. */
  readonly mark?: Mark | undefined;
}

/** Whoever has a worker at the moment. */
export interface WorkerUser {
  /** The worker has something to do. */
  readonly isBusy: boolean;
  /** It has loaded its module. */
  workerReady(): void;
  workerUnfit(problem: ToldProblem): void;
  workerSays(message: FromWorker, body: Buffer): void;
  printed(stream: OutputStream, chunk: Uint8Array): void;
  /** The last that is heard of it. */
  workerEnded(end: WorkerEnd): void;
}

/** What a worker is made with. */
export interface WorkerOrigin {
  readonly number: number;
  /** Workers of a kind can stand in for each other. */
  readonly kind: string;
  readonly isThread: boolean;
  /** Ends its process or thread, whatever that is doing. */
  kill(): void;
  /** It has no way to us any more: it is about to be gone, and killed if it is not. */
  lost(): void;
  /** It is gone, however that came. */
  over(): void;
}

/** One worker. */
export class Worker implements Guest, ProcessOwner {
  readonly #origin: WorkerOrigin;
  #user: WorkerUser | undefined;
  #link: WorkerLink | undefined;
  #pid = 0;
  #isConnected = false;
  #isReady = false;
  #end: WorkerEnd | undefined;
  #lastWords: Extract<FromWorker, { readonly type: 'dying' }> | undefined;
  /** What has come from it that cannot be. */
  #nonsense: string | undefined;
  readonly #functions = new Set<string>();
  /** Where it leaves its marks. */
  markFd = -1;
  /** How many calls it was given. */
  calls = 0;
  /** It is to end: nothing more is asked of it. */
  isLeaving = false;

  constructor(origin: WorkerOrigin, user: WorkerUser) {
    this.#origin = origin;
    this.#user = user;
  }

  get number(): number {
    return this.#origin.number;
  }

  get kind(): string {
    return this.#origin.kind;
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  /** It has loaded its module. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** Who hears of it from now on. */
  set user(user: WorkerUser | undefined) {
    this.#user = user;
  }

  /** Whether it has loaded all of these functions before. */
  knows(functions: readonly FunctionName[]): boolean {
    return functions.every((one) => this.#functions.has(`${one.export} ${one.module}`));
  }

  learned(functions: readonly FunctionName[]): void {
    for (const one of functions) this.#functions.add(`${one.export} ${one.module}`);
  }

  send(message: ToWorker, body?: Uint8Array): void {
    this.#link?.send(message, body);
  }

  /** Where it was last seen. */
  get mark(): Mark | undefined {
    return readMark(this.markFd);
  }

  /** It may be to blame for whatever becomes of its process. */
  get isBusy(): boolean {
    return this.#user !== undefined && (!this.#isReady || this.#user.isBusy);
  }

  /** Bytes that its process has in memory; 0 for a thread, which has none of its own. */
  get memory(): number {
    if (this.#pid === 0 || this.#origin.isThread) return 0;
    try {
      const [, resident] = readFileSync(`/proc/${this.#pid}/statm`, 'latin1').split(' ');
      return Number(resident) * PAGE_BYTES;
    } catch {
      return 0;
    }
  }

  kill(): void {
    this.isLeaving = true;
    this.#origin.kill();
  }

  connected(link: WorkerLink, pid: number): void {
    this.#link = link;
    this.#pid = pid;
    this.#isConnected = true;
  }

  receive(message: FromWorker, body: Buffer): void {
    if (this.#nonsense !== undefined) return;
    if (message.type === 'ready') {
      this.#isReady = true;
      this.#user?.workerReady();
    } else if (message.type === 'unfit') {
      this.#user?.workerUnfit(message.problem);
    } else if (message.type === 'dying') {
      this.isLeaving = true;
      this.#lastWords = message;
    } else {
      this.#user?.workerSays(message, body);
    }
  }

  /** It cannot be trusted any more: it ends, and whatever it was at is to blame. */
  broken(problem: string): void {
    this.#nonsense ??= problem;
    this.kill();
  }

  printed(stream: OutputStream, chunk: Uint8Array): void {
    this.#user?.printed(stream, chunk);
  }

  disconnected(): void {
    this.#isConnected = false;
    this.isLeaving = true;
    // It may have closed the socket itself, and hang at that; mostly its process has ended, and how is told soon.
    if (!this.#end) this.#origin.lost();
    this.#checkOver();
  }

  processEnded(outcome: UnitOutcome, isShared = false): void {
    const { exitCode, signal, problem, stderrTail = '', startedAt, finishedAt } = outcome;
    const { reason, isOfNode } = outcome;
    const isOutOfMemory = HEAP_IS_FULL.test(stderrTail);
    const how = isOutOfMemory
      ? "ran out of memory: V8's heap is full"
      : sayEnd(exitCode, signal, problem);
    const neverBegan = exitCode === undefined && signal === undefined && startedAt === finishedAt;
    this.ended({
      how,
      isOutOfMemory,
      signal,
      ...(stderrTail && { stderrTail }),
      ...(neverBegan
        ? { notStarted: { problem: how, reason, ...(isOfNode && { isOfNode }) } }
        : isShared && { isShared }),
    });
  }

  /** Its process or thread is gone; what it has written before may still be on its way. */
  ended(end: WorkerEnd): void {
    this.#end ??= end;
    this.isLeaving = true;
    this.#checkOver();
  }

  #checkOver(): void {
    const end = this.#end;
    if (!end || this.#isConnected) return;
    const { mark } = this;
    const user = this.#user;
    this.#user = undefined;
    this.#origin.over();
    const how = this.#nonsense !== undefined && sayNonsense(this.#nonsense);
    const told = how ? { ...end, how, signal: undefined } : end;
    user?.workerEnded({ ...told, mark, lastWords: this.#lastWords });
  }
}

function sayNonsense(problem: string): string {
  return `was ended, because it sent its agent ${problem}: what is called there, or imported, writes to descriptors that are not its own, or has changed built-ins`;
}

function sayEnd(exitCode?: number, signal?: number, problem?: string): string {
  if (signal !== undefined) {
    const [name = `signal ${signal}`] =
      Object.entries(constants.signals).find(([, number]) => number === signal) ?? [];
    return `was ended by ${name}`;
  }
  return exitCode === undefined ? (problem ?? 'ended') : `exited with code ${exitCode}`;
}
