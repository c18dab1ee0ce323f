/**
 * Calls a function again and again, in a worker. For what is cheap, each call costs little more than
 * itself: nothing is allocated for it, nothing awaited that is no promise, and results travel together.
 */
import { clearInterval, setImmediate, setInterval } from 'node:timers';
import { copyValue } from '../runtime/value-copy.ts';
import { decodeValue, encodeValue } from '../runtime/values.ts';
import type { CallContext } from './call-context.ts';
import { thrownProblem, unreadableProblem, unsendableProblem } from './call-problems.ts';
import type { MarkWriter } from './mark.ts';
import { readSpliced } from './spliced-args.ts';
import type { FromWorker, Piece, ToldProblem, ToWorker } from './worker-messages.ts';

/** How long results are gathered, and how often the event loop has its turn. */
const FLUSH_MS = 200;
/**
 * How often the loop looks, between two calls, whether too much memory is taken; a look costs some 10 µs. If it
 * looked more seldom, the agent would find out first, and blame the call that is under way.
 */
const LOOK_MS = 20;
/** So many bytes of results are sent without waiting for more, as far as their size can be seen. */
const FLUSH_BYTES = 128 * 1024;
/** The next call waits while there are so many bytes that the agent has not taken. */
const BACKLOG_BYTES = 4 * 1024 * 1024;

// Taken before any module of others is loaded: some put clocks of their own in the place of these.
const timeNow = performance.now.bind(performance);

type Calls = Extract<ToWorker, { readonly type: 'calls' }>;

/** What the loop needs of its worker. */
export interface LoopHost {
  readonly mark: MarkWriter;
  readonly backlog: number;
  send(message: FromWorker, body?: Uint8Array): void;
  drained(): Promise<void>;
  /** Whether it has taken more memory than it may. */
  isFull(): boolean;
  usage(): readonly [user: number, system: number, maxRss: number];
}

/** What is called for a run. */
export interface Called {
  readonly call: (...values: readonly unknown[]) => unknown;
  /** Of a reduce: what folds two results into one, and its name. */
  readonly combine: ((...values: readonly unknown[]) => unknown) | undefined;
  readonly combineName?: string | undefined;
  readonly context: CallContext;
}

/** Does the calls of one run. */
export class BatchLoop {
  readonly #host: LoopHost;
  readonly #called: Called;
  /** Of a reduce: what was folded, if anything was. */
  #folded: { value: unknown } | undefined;
  #piece: Piece = { piece: 0, from: 0, to: 0 };
  /** The first call whose result was not sent, and the one that is under way or next. */
  #unsent = 0;
  #next = 0;
  #isCalling = false;
  /** What is under way is the folding of a call's result. */
  #isFolding = false;
  #values: unknown[] = [];
  #problems: ToldProblem[] = [];
  #bytes = 0;
  #begunAt = 0;

  constructor(host: LoopHost, called: Called) {
    this.#host = host;
    this.#called = called;
  }

  /** The call that is under way, if one is. */
  get calling():
    | { readonly piece: number; readonly call: number; readonly task?: string }
    | undefined {
    if (!this.#isCalling) return undefined;
    return { piece: this.#piece.piece, call: this.#next, ...this.#whose() };
  }

  /** Which function it is that fails, where it is not the one that is called. */
  #whose(): { readonly task?: string } {
    const { combineName } = this.#called;
    return this.#isFolding && combineName !== undefined ? { task: combineName } : {};
  }

  async calls(piece: Calls, data: Uint8Array): Promise<void> {
    const { mark } = this.#host;
    mark.begin(piece.piece, piece.from);
    this.#piece = piece;
    this.#unsent = this.#next = piece.from;
    this.#begunAt = timeNow();
    // A call that waits has results of others behind it, and may hang: only then is there time to say so.
    const waiting = setInterval(() => this.#flushWaiting(), FLUSH_MS);
    const inputs = this.#read(piece, data);
    const isFull = inputs !== undefined && (await this.#each(piece, inputs));
    clearInterval(waiting);
    this.#flush({ isOver: true, isFull });
  }

  /** Calls one after the other; true when it stops because of the memory that was taken. */
  async #each(piece: Calls, inputs: readonly unknown[]): Promise<boolean> {
    const host = this.#host;
    const { context } = this.#called;
    const { from, to, first } = piece;
    const doCall = this.#callOf(piece);
    let flushAt = this.#begunAt + FLUSH_MS;
    let lookAt = this.#begunAt + LOOK_MS;
    context.attempt = piece.round;
    for (let call = from; call < to; call++) {
      const now = timeNow();
      if (now >= lookAt) {
        // One at least is done by each worker.
        if (call > from && host.isFull()) return true;
        lookAt = now + LOOK_MS;
      }
      if (now >= flushAt || this.#bytes >= FLUSH_BYTES) {
        this.#flush({ isOver: false });
        await this.#pause();
        flushAt = timeNow() + FLUSH_MS;
      }
      if (context.isAborted) return false;
      this.#keep();
      host.mark.put(call, now);
      this.#isCalling = true;
      this.#isFolding = false;
      try {
        context.index = first + call;
        let value = doCall(inputs[call]);
        if (isThenable(value)) value = await value;
        this.#values.push(value);
        this.#bytes += roughSize(value);
      } catch (error) {
        this.#fail({ ...thrownProblem(call, 'threw', error), ...this.#whose() });
        this.#values.push(undefined);
      }
      this.#isCalling = false;
      this.#next = call + 1;
      if (context.isUsed) await context.tidy();
    }
    return host.isFull();
  }

  /** The inputs; undefined, and all refused, where another version of the engine may have written them. */
  #read({ from, to, isSpread }: Calls, data: Uint8Array): readonly unknown[] | undefined {
    try {
      return isSpread ? [readSpliced(data)] : (decodeValue(data) as readonly unknown[]);
    } catch (error) {
      const one = to - from === 1;
      const what = isSpread ? 'its arguments' : one ? 'its input' : 'the inputs that it came with';
      for (let call = from; call < to; call++) {
        this.#problems.push(unreadableProblem(call, what, error));
        this.#values.push(undefined);
      }
      this.#next = to;
      return undefined;
    }
  }

  /** What one call is: of the function, or of what combines results. */
  #callOf({ kind, isSpread }: Calls): (input: unknown) => unknown {
    const { call, combine, context } = this.#called;
    if (combine && kind === 'combine') return (part) => this.#foldIn(part, combine);
    if (isSpread) {
      return (words) => {
        const given = words as unknown[];
        return given.length === 0 ? call(undefined, context) : call(...given, context);
      };
    }
    if (combine) return (input) => this.#foldIn(call(input, context), combine);
    return (input) => call(input, context);
  }

  #foldIn(value: unknown, combine: Called['call']): unknown {
    if (isThenable(value)) return value.then((result) => this.#foldIn(result, combine));
    if (!this.#folded) {
      this.#folded = { value };
      return undefined;
    }
    this.#isFolding = true;
    const whole = combine(this.#folded.value, value);
    if (isThenable(whole)) {
      return whole.then((result) => {
        this.#folded = { value: result };
      });
    }
    this.#folded.value = whole;
    return undefined;
  }

  /** What another worker has folded before. */
  fold(data: Uint8Array): void {
    const [value] = decodeValue(data) as [unknown];
    this.#folded = { value };
  }

  /** Hands over what was folded; nothing is left of it here. */
  handOver(piece: number): void {
    const folded = this.#folded;
    this.#folded = undefined;
    const said = { type: 'folded', piece, isEmpty: !folded } as const;
    try {
      this.#host.send(said, folded && encodeValue([folded.value]));
    } catch {
      this.#isFolding = true;
      const problem = unsendableProblem(0, folded?.value, 'what was folded');
      this.#host.send({ ...said, problem: { ...problem, ...this.#whose() } });
    }
  }

  /** What is done is said before the worker ends. */
  lastFlush(): void {
    if (this.#next > this.#unsent) this.#flush({ isOver: false });
  }

  #flushWaiting(): void {
    if (!this.#isCalling) return;
    this.#host.mark.exactly(this.#next);
    if (this.#next > this.#unsent) this.#flush({ isOver: false });
  }

  /** The event loop has its turn: messages are read, and rejections and timers that calls have left behind come up. */
  async #pause(): Promise<void> {
    if (this.#host.backlog > BACKLOG_BYTES) await this.#host.drained();
    await new Promise((done) => setImmediate(done));
  }

  #flush({ isOver, isFull }: { readonly isOver: boolean; readonly isFull?: boolean }): void {
    const host = this.#host;
    const now = timeNow();
    const count = this.#next - this.#unsent;
    const ms = now - this.#begunAt;
    if (count > 0) host.mark.learn(count, ms);
    const isFolded = this.#called.combine !== undefined;
    const body = isFolded || count === 0 ? undefined : this.#encode();
    host.send(
      {
        type: 'results',
        piece: this.#piece.piece,
        from: this.#unsent,
        count,
        ms,
        problems: this.#problems,
        isOver,
        ...(isFull && { isFull }),
        ...(isOver && { usage: host.usage() }),
      },
      body,
    );
    this.#unsent = this.#next;
    this.#values = [];
    this.#problems = [];
    this.#bytes = 0;
    this.#begunAt = timeNow();
  }

  /** The last result stays as it is now, also if the next call changes what it was made of. */
  #keep(): void {
    const row = this.#values.length - 1;
    const value = this.#values[row];
    try {
      this.#values[row] = copyValue(value);
    } catch {
      this.#refuse(row);
    }
  }

  #encode(): Uint8Array {
    try {
      return encodeValue(this.#values);
    } catch {
      // Only now it matters which of them it is.
      this.#values.forEach((value, row) => {
        try {
          encodeValue(value);
        } catch {
          this.#refuse(row);
        }
      });
      return encodeValue(this.#values);
    }
  }

  #refuse(row: number): void {
    this.#fail(unsendableProblem(this.#unsent + row, this.#values[row]));
    this.#values[row] = undefined;
  }

  #fail(problem: ToldProblem): void {
    this.#problems.push(problem);
    this.#bytes += roughSize(problem);
  }
}

function isThenable(value: unknown): value is Promise<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as { then?: unknown }).then === 'function'
  );
}

/** Bytes, as far as one look shows; what is deeper within does not count. */
function roughSize(value: unknown): number {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null) return 0;
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return value.byteLength;
  let size = 0;
  let looked = 0;
  for (const name in value) {
    const part = (value as Record<string, unknown>)[name];
    if (typeof part === 'string') size += part.length;
    else if (ArrayBuffer.isView(part)) size += part.byteLength;
    looked += 1;
    if (looked === 16) return Array.isArray(value) ? (size / looked) * value.length : size;
  }
  return size;
}
