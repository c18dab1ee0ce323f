/**
 * A helper process as a caller sees it: calls that settle in time whatever the library does, and a
 * new process where one has died. What is safe to ask again is asked again; the rest is answered
 * truthfully.
 */
import { type Log, PilotError } from '@pstar/core/adaptor';
import { type Observable, Subject } from 'rxjs';
import { DrmaaError } from '../errors.ts';
import { HelperChild } from './helper-child.ts';
import type { FromHelper, ServiceKind } from './protocol.ts';

/** Asks the process directly, also while calls of others wait for it to be ready. */
export type RawCall = (method: string, args: readonly unknown[]) => Promise<unknown>;

/** What a helper process is for. */
export interface HelperSpec {
  readonly kind: ServiceKind;
  /** The library's path, as `dlopen` takes it. */
  readonly library: string;
  /** Besides the caller's own. */
  readonly environment: Readonly<Record<string, string>>;
  /** The threads that calls into the library run on; 1 is one call after the other. */
  readonly threads: number;
  /** A call that is not answered by then has failed, and the process is replaced. */
  readonly callTimeoutMs: number;
  readonly log: Log;
  /** For the native service. */
  readonly settings?: unknown;
  /** Brings a process that replaces another to where that was: opens the session again. */
  reenter?(call: RawCall): Promise<void>;
}

/** How a call is made. */
export interface CallOptions {
  /** Given up when it is aborted; what is under way in C goes on. */
  readonly signal?: AbortSignal | undefined;
  /** Instead of the spec's. */
  readonly timeoutMs?: number | undefined;
  /** It changes nothing: it is asked again, once, when the process died before the answer. */
  readonly idempotent?: boolean | undefined;
}

/** What happens to a helper process, and what the service in it tells unasked. */
export type HelperEvent =
  | { readonly kind: 'emitted'; readonly name: string; readonly data: unknown }
  /** There is a new process; what the one before held is gone. */
  | { readonly kind: 'restarted'; readonly generation: number }
  /** It died too often; every call says so from now on. */
  | { readonly kind: 'broken'; readonly error: DrmaaError };

/** So many new processes in so long; then the library is given up. */
const RESTARTS = { limit: 5, withinMs: 60_000, firstPauseMs: 50 };
/** How long a process has for its way out. */
const CLOSE_MS = 4_000;

interface Pending {
  readonly method: string;
  readonly args: readonly unknown[];
  readonly options: CallOptions;
  resolve(value: unknown): void;
  reject(error: Error): void;
  again: boolean;
}

type Phase =
  | { readonly name: 'starting'; readonly child: HelperChild }
  | { readonly name: 'ready'; readonly child: HelperChild }
  /** Between two processes. */
  | { readonly name: 'pausing' }
  /** There will be one when the next call asks for it. */
  | { readonly name: 'down' }
  | { readonly name: 'broken'; readonly error: DrmaaError }
  | { readonly name: 'closed' };

/** A library in a process of its own, started anew when it dies. */
export class HelperProcess {
  readonly #spec: HelperSpec;
  readonly #events = new Subject<HelperEvent>();
  /** Sent to the present process and not answered, by id. */
  readonly #sent = new Map<number, Pending>();
  /** Waiting until there is a process that is ready. */
  #waiting: Pending[] = [];
  #phase: Phase = { name: 'down' };
  #generation = 0;
  #lastId = 0;
  #deaths: number[] = [];
  #opened: { resolve(): void; reject(error: Error): void } | undefined;
  #closing: (() => void) | undefined;

  /** Unasked words of the service, and restarts. Completes when the process is closed. */
  readonly events$: Observable<HelperEvent> = this.#events.asObservable();

  private constructor(spec: HelperSpec) {
    this.#spec = spec;
  }

  /**
   * Starts the process and loads the library.
   *
   * @throws DrmaaError as the loading says; `TIMEOUT`, `ADAPTOR_FAILED` when it blocks or dies.
   */
  static async start(spec: HelperSpec): Promise<HelperProcess> {
    const helper = new HelperProcess(spec);
    try {
      await helper.#launch();
    } catch (error) {
      helper.#finish();
      throw error;
    }
    return helper;
  }

  /** Counts the processes, from 1: what one of them held is not to be used with the next. */
  get generation(): number {
    return this.#generation;
  }

  /** The present process. */
  get pid(): number | undefined {
    return 'child' in this.#phase ? this.#phase.child.pid : undefined;
  }

  /**
   * Has the service call a method, and settles with its result.
   *
   * @throws DrmaaError as the service says; `TIMEOUT` when there is no answer in time; `ADAPTOR_FAILED`
   * when the process died; then `inDoubt` is set unless the call was idempotent or never left.
   */
  call(method: string, args: readonly unknown[] = [], options: CallOptions = {}): Promise<unknown> {
    return this.#ask(method, args, options, (pending) => this.#submit(pending));
  }

  /** Has the service call a method, in order with calls; nobody hears of the result. */
  post(method: string, args: readonly unknown[] = []): void {
    if (this.#phase.name === 'ready') this.#phase.child.send({ type: 'post', method, args });
  }

  /** Ends the process; what is under way fails. Does nothing the second time. */
  async close(): Promise<void> {
    const phase = this.#phase;
    if (!('child' in phase)) return this.#finish();
    this.#phase = { name: 'closed' };
    this.#fail(closedError(this.#spec.library));
    phase.child.hold(true);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => phase.child.kill(), CLOSE_MS);
      this.#closing = () => {
        clearTimeout(timer);
        resolve();
      };
      phase.child.send({ type: 'close' });
    });
    this.#events.complete();
  }

  #ask(
    method: string,
    args: readonly unknown[],
    options: CallOptions,
    submit: (pending: Pending) => void,
  ): Promise<unknown> {
    const { signal, timeoutMs = this.#spec.callTimeoutMs } = options;
    return new Promise((resolve, reject) => {
      const settle = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
        this.#forget(pending);
      };
      const pending: Pending = {
        method,
        args,
        options,
        again: false,
        resolve: (value) => {
          settle();
          resolve(value);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      };
      const abort = () => pending.reject(abortedError(method, signal));
      const timer = setTimeout(() => this.#late(pending, timeoutMs), timeoutMs);
      if (signal?.aborted) {
        abort();
        return;
      }
      signal?.addEventListener('abort', abort, { once: true });
      submit(pending);
    });
  }

  #submit(pending: Pending): void {
    const phase = this.#phase;
    if (phase.name === 'ready') this.#send(phase.child, pending);
    else if (phase.name === 'broken') pending.reject(phase.error);
    else if (phase.name === 'closed') pending.reject(closedError(this.#spec.library));
    else this.#waiting.push(pending);
    if (phase.name === 'down') this.#relaunch();
  }

  #send(child: HelperChild, pending: Pending): void {
    this.#lastId += 1;
    this.#sent.set(this.#lastId, pending);
    child.hold(true);
    const { method, args } = pending;
    child.send({ type: 'call', id: this.#lastId, method, args });
  }

  #forget(pending: Pending): void {
    this.#waiting = this.#waiting.filter((other) => other !== pending);
    for (const [id, other] of this.#sent) if (other === pending) this.#sent.delete(id);
    if (this.#sent.size === 0 && this.#phase.name === 'ready') this.#phase.child.hold(false);
  }

  #fail(error: Error): void {
    for (const pending of [...this.#sent.values(), ...this.#waiting]) pending.reject(error);
  }

  /** The library blocks: nothing but the end of its process ends that. */
  #late(pending: Pending, timeoutMs: number): void {
    const child = 'child' in this.#phase ? this.#phase.child : undefined;
    const [call] = child?.underWay() ?? [];
    const sent = [...this.#sent.values()].includes(pending);
    pending.reject(
      new DrmaaError(
        'TIMEOUT',
        `${call ?? pending.method} did not return in ${timeoutMs / 1000} s`,
        {
          subject: this.#spec.library,
          hint: 'its process is replaced; look whether the resource manager answers at all',
          call,
          inDoubt: sent && pending.options.idempotent !== true,
        },
      ),
    );
    if (sent) child?.kill();
  }

  /** Starts a process and settles when it is ready for calls. */
  async #launch(): Promise<void> {
    const { environment, threads, log, kind, library, settings } = this.#spec;
    const child: HelperChild = new HelperChild(
      { environment, threads, log },
      {
        message: (message) => this.#received(child, message),
        ended: (how) => this.#ended(child, how),
      },
    );
    this.#phase = { name: 'starting', child };
    this.#generation += 1;
    child.hold(true);
    const opened = new Promise<void>((resolve, reject) => {
      this.#opened = { resolve, reject };
    });
    const timer = setTimeout(() => {
      const [call] = child.underWay();
      this.#opened?.reject(
        new DrmaaError(
          'TIMEOUT',
          `the library did not load in ${this.#spec.callTimeoutMs / 1000} s`,
          {
            subject: library,
            call,
          },
        ),
      );
      child.kill();
    }, this.#spec.callTimeoutMs);
    child.send({ type: 'open', kind, library, settings });
    try {
      await opened;
      if (this.#generation > 1) await this.#spec.reenter?.(this.#raw(child));
    } catch (error) {
      child.kill();
      throw error;
    } finally {
      clearTimeout(timer);
      this.#opened = undefined;
    }
    this.#ready(child);
  }

  #raw(child: HelperChild): RawCall {
    return (method, args) => this.#ask(method, args, {}, (pending) => this.#send(child, pending));
  }

  #ready(child: HelperChild): void {
    this.#phase = { name: 'ready', child };
    if (this.#generation > 1)
      this.#events.next({ kind: 'restarted', generation: this.#generation });
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const pending of waiting) this.#send(child, pending);
    if (this.#sent.size === 0) child.hold(false);
  }

  #received(child: HelperChild, message: FromHelper): void {
    if (!('child' in this.#phase) || this.#phase.child !== child) return;
    switch (message.type) {
      case 'opened':
        if (message.error === undefined) this.#opened?.resolve();
        else this.#opened?.reject(DrmaaError.fromData(message.error));
        break;
      case 'result':
        this.#sent.get(message.id)?.resolve(message.value);
        break;
      case 'error':
        this.#sent.get(message.id)?.reject(DrmaaError.fromData(message.error));
        break;
      case 'event':
        this.#events.next({ kind: 'emitted', name: message.name, data: message.data });
        break;
      case 'closed':
    }
  }

  #ended(child: HelperChild, how: string): void {
    this.#closing?.();
    if (!('child' in this.#phase) || this.#phase.child !== child) return;
    const [call] = child.underWay();
    const error = (inDoubt: boolean) =>
      new DrmaaError(
        'ADAPTOR_FAILED',
        `the library's process ended by ${how}${call ? ` in ${call}` : ''}`,
        {
          subject: this.#spec.library,
          hint: child.lastWords && `its last words were '${child.lastWords}'`,
          call,
          inDoubt,
        },
      );
    this.#phase = { name: 'down' };
    this.#opened?.reject(error(false));
    for (const pending of [...this.#sent.values()]) {
      const { idempotent = false } = pending.options;
      if (!idempotent || pending.again) pending.reject(error(!idempotent));
      else this.#askAgain(pending);
    }
    // Who launches it hears of it there.
    if (this.#opened === undefined) this.#relaunch();
  }

  #askAgain(pending: Pending): void {
    pending.again = true;
    for (const [id, other] of this.#sent) if (other === pending) this.#sent.delete(id);
    this.#waiting.push(pending);
  }

  /** After a death: a new process, unless there were too many. */
  #relaunch(): void {
    const now = performance.now();
    this.#deaths = [...this.#deaths.filter((at) => now - at < RESTARTS.withinMs), now];
    if (this.#deaths.length > RESTARTS.limit) {
      this.#break();
      return;
    }
    this.#phase = { name: 'pausing' };
    const launch = () => {
      if (this.#phase.name === 'pausing') this.#launch().catch((error) => this.#notLaunched(error));
    };
    setTimeout(launch, (this.#deaths.length - 1) * RESTARTS.firstPauseMs).unref();
  }

  /** What waits hears why; whoever calls next has it tried again. */
  #notLaunched(error: Error): void {
    if (this.#phase.name !== 'closed') this.#phase = { name: 'down' };
    for (const pending of this.#waiting) pending.reject(error);
  }

  #break(): void {
    const { limit, withinMs } = RESTARTS;
    const error = new DrmaaError(
      'ADAPTOR_FAILED',
      `the library's process died ${limit + 1} times in ${withinMs / 1000} s, and is given up`,
      { subject: this.#spec.library, hint: 'load it anew when its cause is mended' },
    );
    this.#phase = { name: 'broken', error };
    this.#fail(error);
    this.#events.next({ kind: 'broken', error });
  }

  #finish(): void {
    this.#phase = { name: 'closed' };
    this.#fail(closedError(this.#spec.library));
    this.#events.complete();
  }
}

function closedError(library: string): DrmaaError {
  return new DrmaaError('WRONG_STATE', 'the library has been closed', { subject: library });
}

function abortedError(method: string, signal: AbortSignal | undefined): PilotError {
  return new PilotError('ABORTED', `${method} was given up`, { cause: signal?.reason });
}
