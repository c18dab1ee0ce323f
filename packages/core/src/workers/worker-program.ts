/** A worker at work: what its agent tells it, one thing after the other, and how it ends. */
import { loadFunction } from '../functions/load-function.ts';
import { BatchLoop, type LoopHost } from './batch-loop.ts';
import { CallContext } from './call-context.ts';
import { loadProblem, thrownProblem } from './call-problems.ts';
import type { FrameSocket } from './frame-socket.ts';
import type { MarkWriter } from './mark.ts';
import type {
  FromWorker,
  FunctionName,
  ToldProblem,
  ToWorker,
  WorkerSettings,
} from './worker-messages.ts';
import { WorkerOutput } from './worker-output.ts';

/** How often progress is sent at most; what comes between is replaced by what comes after. */
const PROGRESS_MS = 50;
/** So long a dying worker waits for its last words to be taken. */
const LAST_WORDS_MS = 1_000;

type RunMessage = Extract<ToWorker, { readonly type: 'run' }>;

/** What a worker's program is made of. */
export interface WorkerParts {
  readonly settings: WorkerSettings;
  readonly load: NonNullable<WorkerSettings['load']>;
  readonly link: FrameSocket<ToWorker, FromWorker>;
  readonly mark: MarkWriter;
  /** A thread shares what its process takes: it is not asked for it. */
  readonly isMainThread: boolean;
}

/** One worker. */
export class WorkerProgram {
  readonly #parts: WorkerParts;
  readonly #outputs: readonly WorkerOutput[];
  readonly #queue: (readonly [ToWorker, Buffer])[] = [];
  #isBusy = false;
  #state: unknown;
  #loop: BatchLoop | undefined;
  #context: CallContext | undefined;
  #memoryLimit: number | undefined;
  #variables: readonly string[] = [];
  #usage = process.cpuUsage();
  /** What it is at before its first run. */
  #stage: 'module' | 'init' | 'calls' = 'module';
  #isUnfit = false;
  #isDying = false;
  #progressAt = 0;
  #progress: { readonly fraction?: number | undefined; readonly message: string } | undefined;

  constructor(parts: WorkerParts) {
    this.#parts = parts;
    this.#outputs = (['stdout', 'stderr'] as const).map((stream) => {
      const { link } = parts;
      const write = (bytes: Uint8Array): void => link.send({ type: 'output', stream }, bytes);
      const output = new WorkerOutput({
        write,
        drained: () => link.drained(),
        get backlog() {
          return link.backlog;
        },
      });
      output.redirect(process[stream]);
      return output;
    });
  }

  /** Loads the module and has it prepare itself. */
  async begin(): Promise<void> {
    const { load, settings, link } = this.#parts;
    const { host, pilotJob } = settings;
    try {
      const { init } = await loadFunction(load.module, load.export);
      this.#stage = 'init';
      const { cores, gpus, scratch } = load;
      this.#state = await init?.({ cores, gpus, host, pilotJob, scratch });
    } catch (error) {
      this.#sayUnfit(error);
      return;
    }
    if (this.#isUnfit) return;
    this.#stage = 'calls';
    link.send({ type: 'ready' });
  }

  /** Stays until it is told to leave: the end of a worker that is not known yet may be seen before its words are. */
  #sayUnfit(error: unknown): void {
    if (this.#isUnfit) return;
    this.#isUnfit = true;
    const kind = this.#stage === 'init' ? 'init' : 'module';
    this.#parts.link.send({ type: 'unfit', problem: loadProblem(kind, error) });
  }

  receive(message: ToWorker, body: Buffer): void {
    if (message.type === 'abort') {
      this.#context?.abort();
      return;
    }
    this.#queue.push([message, body]);
    if (!this.#isBusy) void this.#work();
  }

  async #work(): Promise<void> {
    this.#isBusy = true;
    for (let next = this.#queue.shift(); next && !this.#isDying; next = this.#queue.shift()) {
      const [message, body] = next;
      await this.#do(message, body);
    }
    this.#isBusy = false;
  }

  #do(message: ToWorker, body: Buffer): Promise<void> | undefined {
    switch (message.type) {
      case 'run':
        return this.#run(message);
      case 'calls':
        return this.#loop?.calls(message, body).then(() => this.#sendProgress());
      case 'fold':
        this.#loop?.handOver(message.piece);
        return undefined;
      case 'folded':
        this.#loop?.fold(body);
        return undefined;
      case 'leave':
        this.#end(0);
        return undefined;
      default:
        return undefined;
    }
  }

  async #run(message: RunMessage): Promise<void> {
    const { link, settings, mark } = this.#parts;
    const { cores, gpus, scratch, variables, memoryLimit } = message;
    for (const name of this.#variables) delete process.env[name];
    Object.assign(process.env, variables);
    this.#variables = Object.keys(variables);
    this.#memoryLimit = memoryLimit;
    this.#usage = process.cpuUsage();
    const { host, pilotJob } = settings;
    mark.hears(false);
    const context = new CallContext({
      ...{ cores, gpus, host, pilotJob, scratch, state: this.#state },
      tell: (fraction, text) => this.#tell({ fraction, message: text }),
      print: (text) => this.#outputs[0]?.put(Buffer.from(text)),
      listens: () => mark.hears(true),
    });
    this.#context = context;
    this.#loop = undefined;
    try {
      const call = await load(message.function);
      const combine = message.combine && (await load(message.combine));
      const combineName = message.combine?.export;
      this.#loop = new BatchLoop(this.#host(), { call, combine, combineName, context });
      link.send({ type: 'run-ready' });
    } catch (error) {
      link.send({ type: 'run-ready', problem: loadProblem('module', error) });
    }
  }

  #host(): LoopHost {
    const { link, mark } = this.#parts;
    return {
      mark,
      get backlog() {
        return link.backlog;
      },
      send: (message, body) => {
        // What a call has printed comes before its result: the run may be over with that.
        for (const output of this.#outputs) output.flush();
        link.send(message, body);
      },
      drained: () => link.drained(),
      isFull: () => this.#isFull(),
      usage: () => {
        const { user, system } = process.cpuUsage(this.#usage);
        return [user, system, process.resourceUsage().maxRSS];
      },
    };
  }

  #isFull(): boolean {
    const limit = this.#memoryLimit;
    if (limit === undefined || !this.#parts.isMainThread) return false;
    return process.memoryUsage.rss() > limit;
  }

  #tell(progress: { readonly fraction?: number | undefined; readonly message: string }): void {
    this.#progress = progress;
    const now = performance.now();
    if (now < this.#progressAt) return;
    this.#progressAt = now + PROGRESS_MS;
    this.#sendProgress();
  }

  #sendProgress(): void {
    const progress = this.#progress;
    this.#progress = undefined;
    if (progress) this.#parts.link.send({ type: 'progress', ...progress });
  }

  /** An error that nobody has caught: a timer's, or a promise's. Whatever runs here is not to be trusted any more. */
  uncaught(error: unknown): void {
    if (this.#stage !== 'calls') {
      this.#sayUnfit(error);
      return;
    }
    const calling = this.#loop?.calling;
    const problem = thrownProblem(calling?.call ?? 0, 'crashed', error);
    if (!calling) process.stderr.write(`${problem.stack ?? problem.message}\n`);
    const words = { message: `${problem.message} (thrown outside of the call)` };
    const told = { ...problem, ...words, ...(calling?.task && { task: calling.task }) };
    this.#sayDying(calling && { piece: calling.piece, problem: told });
    this.#end(1);
  }

  /** The process is about to end, and nobody has told it to. */
  exiting(code: number): void {
    if (this.#isDying) return;
    this.#isDying = true;
    const calling = this.#loop?.calling;
    const message = `called process.exit(${code})`;
    const problem: ToldProblem = {
      call: calling?.call ?? 0,
      kind: 'crashed',
      name: 'Error',
      message,
      ...(calling?.task && { task: calling.task }),
    };
    this.#sayDying(calling && { piece: calling.piece, problem });
  }

  #sayDying(last: { readonly piece: number; readonly problem: ToldProblem } | undefined): void {
    this.#loop?.lastFlush();
    for (const output of this.#outputs) output.flush();
    this.#parts.link.send({ type: 'dying', ...last });
  }

  #end(code: number): void {
    if (this.#isDying) return;
    this.#isDying = true;
    const exit = (): never => process.exit(code);
    setTimeout(exit, LAST_WORDS_MS);
    void this.#parts.link.drained().then(exit);
  }
}

async function load(name: FunctionName): Promise<(...values: readonly unknown[]) => unknown> {
  const { call } = await loadFunction(name.module, name.export);
  return call;
}
