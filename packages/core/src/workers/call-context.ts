/** What functions are told of their calls. One object for all calls of a run: each costs no more than a number. */
import { rm } from 'node:fs/promises';
import { format } from 'node:util';
import type { TaskContext } from '../functions/task-types.ts';
import { makeDirectorySync } from '../runtime/make-directory.ts';

/** Of the words of a call's progress; a line of a program's is cut there, too. */
const PROGRESS_CHARACTERS = 4096;

/** What is the same for all calls of a run, and where what they tell goes. */
export interface CallPlace {
  readonly cores: readonly number[];
  readonly gpus: readonly string[];
  readonly host: string;
  readonly pilotJob: string;
  readonly scratch: string;
  readonly state: unknown;
  tell(fraction: number | undefined, message: string): void;
  print(text: string): void;
  /** Somebody listens to what cancels it. */
  listens(): void;
}

/** The context of the call that is under way. Its methods may be taken from it. */
export class CallContext implements TaskContext {
  readonly cores: readonly number[];
  readonly gpus: readonly string[];
  readonly host: string;
  readonly pilotJob: string;
  readonly state: unknown;
  readonly log: TaskContext['log'];
  readonly progress: TaskContext['progress'];
  /** Set before each call. */
  index = 0;
  attempt = 1;
  /** Whether something is to be undone after the call. */
  isUsed = false;
  readonly #scratch: string;
  readonly #listens: () => void;
  #hasScratch = false;
  #controller: AbortController | undefined;
  #isAborted = false;

  constructor(place: CallPlace) {
    this.cores = place.cores;
    this.gpus = place.gpus;
    this.host = place.host;
    this.pilotJob = place.pilotJob;
    this.state = place.state;
    this.#scratch = place.scratch;
    this.#listens = () => place.listens();
    this.log = (...values) => place.print(`${format(...values)}\n`);
    this.progress = (first: number | string, message?: string) => {
      const fraction = Number.isFinite(first) ? (first as number) : undefined;
      const words = typeof first === 'number' ? (message ?? '') : first;
      place.tell(fraction, String(words).slice(0, PROGRESS_CHARACTERS));
    };
  }

  get signal(): AbortSignal {
    this.isUsed = true;
    this.#listens();
    // One for each call that looks at it: listeners of one call are not those of the next.
    this.#controller ??= new AbortController();
    if (this.#isAborted) this.#controller.abort();
    return this.#controller.signal;
  }

  get scratch(): string {
    if (!this.#hasScratch) {
      makeDirectorySync(this.#scratch, 0o700);
      this.#hasScratch = true;
      this.isUsed = true;
    }
    return this.#scratch;
  }

  /** The call is canceled, and all that follow. */
  abort(): void {
    this.#isAborted = true;
    this.#controller?.abort();
  }

  get isAborted(): boolean {
    return this.#isAborted;
  }

  /** The call is over. */
  async tidy(): Promise<void> {
    this.isUsed = false;
    this.#controller = undefined;
    if (!this.#hasScratch) return;
    this.#hasScratch = false;
    await rm(this.#scratch, { recursive: true, force: true }).catch(() => {});
  }
}
