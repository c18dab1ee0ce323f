/** The processes of workers, as runs of the executor beside those of units. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { notKept } from '../executor/recent-output.ts';
import type {
  Executor,
  ExecutorEvents,
  OutputPart,
  OutputStream,
  UnitOutcome,
} from '../executor/unit-run.ts';
import { FAILURE_REASONS } from '../model/exit.ts';
import { FIRST_WORKER_KEY } from './split-events.ts';

/** How long a worker has that was told to leave and does not, or is ended with its agent. */
const GRACE_MS = 2_000;
const MEBIBYTE = 1024 * 1024;

/** A process to start. */
export interface ProcessStart {
  readonly worker: number;
  readonly file: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly variables: Readonly<Record<string, string>>;
  readonly memoryLimit?: number | undefined;
}

/** Who is told of a process. */
export interface ProcessOwner {
  processEnded(outcome: UnitOutcome): void;
  /** What was printed by others than JavaScript: libraries, and processes that it has started. */
  printed(stream: OutputStream, chunk: Uint8Array): void;
}

/** Starts and ends them. */
export class WorkerProcesses implements ExecutorEvents {
  readonly #executor: Executor;
  readonly #program: string;
  readonly #directory: string;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #owners = new Map<number, ProcessOwner>();

  constructor(
    executor: Executor,
    program: string,
    directory: string,
    environment: Readonly<Record<string, string>>,
  ) {
    this.#executor = executor;
    this.#program = program;
    this.#directory = directory;
    this.#environment = environment;
  }

  /** Where a worker has its working directory. */
  directoryOf(worker: number): string {
    return join(this.#directory, String(worker));
  }

  start(owner: ProcessOwner, start: ProcessStart): void {
    const { worker, file, environment, variables, memoryLimit } = start;
    const key = FIRST_WORKER_KEY + worker;
    this.#owners.set(key, owner);
    this.#executor.run({
      key,
      executable: process.execPath,
      arguments: [...heapWords(memoryLimit), this.#program, '--worker', file],
      environment: { ...this.#environment, ...environment },
      variables,
      sandbox: this.directoryOf(worker),
      cleanup: true,
      processes: 1,
      graceMs: GRACE_MS,
    });
    for (const stream of ['stdout', 'stderr'] as const) this.#executor.watch(key, stream, true);
  }

  kill(worker: number, graceMs = 0): void {
    this.#executor.terminate(FIRST_WORKER_KEY + worker, graceMs);
  }

  started(): void {}

  ended(key: number, outcome: UnitOutcome): void {
    const owner = this.#owners.get(key);
    this.#owners.delete(key);
    owner?.processEnded(this.#hadNoProgram(outcome) ? this.#unstarted(outcome) : outcome);
  }

  /** Whether all that Node.js had to say is that what it was to run is not there. */
  #hadNoProgram({ exitCode = 0, stderrTail = '' }: UnitOutcome): boolean {
    const words = `Cannot find module '${this.#program}'`;
    return exitCode !== 0 && stderrTail.includes(words) && !existsSync(this.#program);
  }

  /** No worker can be started here any more, whatever it is for. */
  #unstarted({ exitCode: _, stderrTail: __, startedAt, ...others }: UnitOutcome): UnitOutcome {
    return {
      ...others,
      ...{ startedAt, finishedAt: startedAt, isOfNode: true },
      reason: FAILURE_REASONS.indexOf('SPAWN_FAILED'),
      problem: `no worker can be started: ${this.#program}, the agent's own program, is not there any more; put it back, and create the pilot anew`,
    };
  }

  /** Workers say it by their own way. */
  progress(): void {}

  output(key: number, stream: OutputStream, part: OutputPart): void {
    if (typeof part !== 'object') return;
    const bytes = part instanceof Uint8Array ? part : notKept(part.missed);
    this.#owners.get(key)?.printed(stream, bytes);
  }
}

/** The heap's own limit: it is reached sooner than somebody looks how much memory a process has. */
export function heapMb(memoryLimit: number | undefined): number | undefined {
  return memoryLimit === undefined ? undefined : Math.max(16, Math.floor(memoryLimit / MEBIBYTE));
}

function heapWords(memoryLimit: number | undefined): readonly string[] {
  const limit = heapMb(memoryLimit);
  return limit === undefined ? [] : [`--max-old-space-size=${limit}`];
}
