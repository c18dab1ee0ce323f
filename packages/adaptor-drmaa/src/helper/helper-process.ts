/**
 * A helper process as a caller sees it: calls that settle in time whatever the library does, and a
 * new process where one has died. What is safe to ask again is asked again; the rest is answered
 * truthfully.
 */
import type { Log } from '@pstar/core/adaptor';
import { type Observable, Subject } from 'rxjs';
import { DrmaaError } from '../errors.ts';
import { brokenError, closedError, diedError, lateError } from './failures.ts';
import { HelperChild } from './helper-child.ts';
import { type CallKeeper, type CallOptions, PendingCall } from './pending-call.ts';
import type { FromHelper, ServiceKind } from './protocol.ts';

export type { CallOptions } from './pending-call.ts';

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
  /** A call that is not answered by then, from when it is asked, has failed, and the process is replaced. */
  readonly callTimeoutMs: number;
  readonly log: Log;
  /** For the native service. */
  readonly settings?: unknown;
  /** Brings a process that replaces another to where that was: opens the session again. */
  reenter?(call: RawCall): Promise<void>;
}

/** What happens to a helper process, and what the service in it tells unasked. */
export type HelperEvent =
  | { readonly kind: 'emitted'; readonly name: string; readonly data: unknown }
  /** There is a new process; what the one before held is gone. */
  | { readonly kind: 'restarted'; readonly generation: number }
  /** It died too often; every call says so from now on. */
  | { readonly kind: 'broken'; readonly error: DrmaaError };

/** So many new processes are started within so long; with the next death the library is given up. */
const RESTARTS = { limit: 5, withinMs: 60_000, firstPauseMs: 50 };
/** How long a process has to start and load at the least: what is slow there may be the machine. */
const LOADING_MS = 20_000;
/** How long a process has for its way out. */
const CLOSE_MS = 4_000;

type Phase =
  /** The process loads the library and enters the session; `opened` hears of the loading. */
  | { readonly name: 'starting'; readonly child: HelperChild; readonly opened: Settle }
  | { readonly name: 'ready'; readonly child: HelperChild }
  | { readonly name: 'dying'; readonly child: HelperChild }
  /** Between two processes. */
  | { readonly name: 'pausing' }
  /** There will be one when the next call asks for it. */
  | { readonly name: 'down' }
  | { readonly name: 'broken'; readonly error: DrmaaError }
  | { readonly name: 'closing'; readonly ended: () => void }
  | { readonly name: 'closed' };

interface Settle {
  resolve(): void;
  reject(error: Error): void;
}

/** A library in a process of its own, started anew when it dies. */
export class HelperProcess {
  readonly #spec: HelperSpec;
  readonly #events = new Subject<HelperEvent>();
  /** Sent to the present process and not answered, by id. */
  readonly #sent = new Map<number, PendingCall>();
  /** Not sent: there is no process that is ready. */
  readonly #waiting = new Set<PendingCall>();
  #phase: Phase = { name: 'down' };
  #generation = 0;
  #lastId = 0;
  /** When processes died, of late. */
  #deaths: number[] = [];

  readonly #keeper: CallKeeper = {
    late: (call, timeoutMs) => this.#late(call, timeoutMs),
    settled: (call) => this.#forget(call),
  };

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
    const call = this.#pending(method, args, options);
    const phase = this.#phase;
    if (options.signal?.aborted) call.abort();
    else if (phase.name === 'ready') this.#send(phase.child, call);
    else if (phase.name === 'broken') call.reject(phase.error);
    else if (phase.name === 'closing' || phase.name === 'closed')
      call.reject(closedError(this.#spec.library));
    else this.#wait(call);
    if (phase.name === 'down') this.#relaunch();
    return call.promise;
  }

  /** Has the service call a method, in order with calls; nobody hears of the result. */
  post(method: string, args: readonly unknown[] = []): void {
    if (this.#phase.name === 'ready') this.#phase.child.send({ type: 'post', method, args });
  }

  /** Ends the process; what is under way fails. Does nothing the second time. */
  async close(): Promise<void> {
    const phase = this.#phase;
    if (phase.name === 'closing' || phase.name === 'closed') return;
    if (!('child' in phase)) {
      this.#finish();
      return;
    }
    phase.child.hold(true);
    const ended = new Promise<void>((resolve) => {
      this.#phase = { name: 'closing', ended: resolve };
    });
    if (phase.name === 'starting') phase.opened.reject(closedError(this.#spec.library));
    this.#fail(closedError(this.#spec.library));
    phase.child.send({ type: 'close' });
    const timer = setTimeout(() => phase.child.kill(), CLOSE_MS);
    await ended;
    clearTimeout(timer);
    this.#finish();
  }

  get #loadingMs(): number {
    return Math.max(this.#spec.callTimeoutMs, LOADING_MS);
  }

  #pending(method: string, args: readonly unknown[], options: CallOptions = {}): PendingCall {
    const { timeoutMs = this.#spec.callTimeoutMs } = options;
    return new PendingCall({ method, args }, options, timeoutMs, this.#keeper);
  }

  #send(child: HelperChild, call: PendingCall): void {
    this.#lastId += 1;
    this.#sent.set(this.#lastId, call);
    call.within(call.timeoutMs);
    child.hold(true);
    child.send({ type: 'call', id: this.#lastId, ...call.question });
  }

  /** The time that a process takes to start does not count as the call's, but is limited as well. */
  #wait(call: PendingCall): void {
    this.#waiting.add(call);
    call.within(this.#loadingMs + call.timeoutMs);
  }

  #forget(call: PendingCall): void {
    this.#waiting.delete(call);
    for (const [id, other] of this.#sent) if (other === call) this.#sent.delete(id);
    if (this.#sent.size === 0 && this.#phase.name === 'ready') this.#phase.child.hold(false);
  }

  #fail(error: Error): void {
    for (const call of [...this.#sent.values(), ...this.#waiting]) call.reject(error);
  }

  /** The library blocks: nothing but the end of its process ends that. */
  #late(call: PendingCall, timeoutMs: number): void {
    const child = 'child' in this.#phase ? this.#phase.child : undefined;
    const sent = !this.#waiting.has(call);
    const inDoubt = sent && !call.idempotent;
    call.reject(lateError(this.#failed(child, call), call.question.method, timeoutMs, inDoubt));
    if (!sent || child === undefined) return;
    // Calls from now on are for the next process.
    if (this.#phase.name === 'ready') this.#phase = { name: 'dying', child };
    child.kill();
  }

  #failed(child: HelperChild | undefined, call?: PendingCall) {
    const [id] = [...this.#sent].find(([, each]) => each === call) ?? [];
    return { library: this.#spec.library, call: child?.functionOf(id) };
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
    child.hold(true);
    this.#generation += 1;
    const loading = new Promise<void>((resolve, reject) => {
      this.#phase = { name: 'starting', child, opened: { resolve, reject } };
    });
    const timer = setTimeout(() => {
      if (this.#phase.name === 'starting')
        this.#phase.opened.reject(lateError(this.#failed(child), 'the loading', this.#loadingMs));
    }, this.#loadingMs);
    child.send({ type: 'open', kind, library, settings });
    try {
      await loading;
      if (this.#generation > 1) await this.#spec.reenter?.(this.#raw(child));
      // It may have been closed, or have died, in the last moment.
      if (!this.#is(child)) throw closedError(library);
    } catch (error) {
      child.kill();
      throw error;
    } finally {
      clearTimeout(timer);
    }
    this.#ready(child);
  }

  #is(child: HelperChild): boolean {
    return 'child' in this.#phase && this.#phase.child === child;
  }

  #raw(child: HelperChild): RawCall {
    return (method, args) => {
      const call = this.#pending(method, args);
      if (this.#is(child)) this.#send(child, call);
      else call.reject(closedError(this.#spec.library));
      return call.promise;
    };
  }

  #ready(child: HelperChild): void {
    this.#phase = { name: 'ready', child };
    if (this.#generation > 1)
      this.#events.next({ kind: 'restarted', generation: this.#generation });
    for (const call of this.#waiting) {
      this.#waiting.delete(call);
      this.#send(child, call);
    }
    if (this.#sent.size === 0) child.hold(false);
  }

  #received(child: HelperChild, message: FromHelper): void {
    if (!this.#is(child)) return;
    switch (message.type) {
      case 'opened': {
        const opened = this.#phase.name === 'starting' ? this.#phase.opened : undefined;
        if (message.error === undefined) opened?.resolve();
        else opened?.reject(DrmaaError.fromData(message.error));
        break;
      }
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
    if (this.#phase.name === 'closing') this.#phase.ended();
    if (!this.#is(child)) return;
    const starting = this.#phase.name === 'starting' ? this.#phase : undefined;
    const error = (inDoubt: boolean, call?: PendingCall) =>
      diedError(this.#failed(child, call), how, child.lastWords, inDoubt);
    this.#phase = { name: 'down' };
    for (const call of [...this.#sent.values()]) {
      if (call.idempotent && !call.again) this.#askAgain(call);
      else call.reject(error(!call.idempotent, call));
    }
    // Where it was just being started, whoever starts it hears so by that.
    if (starting === undefined) this.#relaunch();
    else starting.opened.reject(error(false));
  }

  #askAgain(call: PendingCall): void {
    this.#forget(call);
    call.again = true;
    this.#wait(call);
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

  /** Calls that wait are rejected with the reason; the next call has a process started again. */
  #notLaunched(error: Error): void {
    if (this.#phase.name === 'starting' || this.#phase.name === 'pausing')
      this.#phase = { name: 'down' };
    for (const call of this.#waiting) call.reject(error);
  }

  #break(): void {
    const error = brokenError(this.#spec.library, this.#deaths.length, RESTARTS.withinMs);
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
