/** The process that holds workers which are threads: begins and ends them, and says how they ended. */
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { PROBLEM_CHARACTERS } from '../model/call-problem.ts';
import type { FromWorker, ToWorker } from './worker-messages.ts';

type StartThread = Extract<ToWorker, { readonly type: 'thread' }>;
type ThreadEnd = Extract<FromWorker, { readonly type: 'thread-ended' }>;

/** The threads of this process. */
export class ThreadHost {
  readonly #threads = new Map<number, Worker>();
  readonly #program: string;
  readonly #ended: (end: ThreadEnd) => void;

  /** @param program what runs as a worker, with the file of its settings behind `--worker` */
  constructor(program: string, ended: (end: ThreadEnd) => void) {
    this.#program = program.startsWith('file:') ? fileURLToPath(program) : program;
    this.#ended = ended;
  }

  receive(message: ToWorker): void {
    if (message.type === 'thread') this.#begin(message);
    else if (message.type === 'end-thread') {
      // It settles when the thread is gone, which its `exit` says as well.
      void this.#threads.get(message.worker)?.terminate();
    } else if (message.type === 'leave') process.exit(0);
  }

  #begin({ worker, file, heapMb, variables }: StartThread): void {
    const thread = new Worker(this.#program, {
      argv: ['--worker', file],
      env: { ...process.env, ...variables },
      stdin: false,
      ...(heapMb !== undefined && { resourceLimits: { maxOldGenerationSizeMb: heapMb } }),
    });
    this.#threads.set(worker, thread);
    let problem: string | undefined;
    let isOutOfMemory = false;
    thread.on('error', (error: Error & { readonly code?: string }) => {
      problem = error.message.slice(0, PROBLEM_CHARACTERS);
      isOutOfMemory = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
    });
    thread.on('exit', (exitCode) => {
      this.#threads.delete(worker);
      const why = {
        ...(problem !== undefined && { problem }),
        ...(isOutOfMemory && { isOutOfMemory }),
      };
      this.#ended({ type: 'thread-ended', worker, exitCode, ...why });
    });
  }
}
