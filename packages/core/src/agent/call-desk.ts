/**
 * Has functions called: brings a unit's module and arguments to the node, gives the unit to whoever
 * has workers, and makes of what becomes of its call the unit's end. The batches of maps are another's
 * matter (map-units.ts). Knows the link as something that comes and goes.
 */
import { dirname } from 'node:path';
import type { OutputStream, UnitOutcome } from '../executor/unit-run.ts';
import type { CallCommand } from '../model/call-command.ts';
import { FAILURE_REASONS } from '../model/exit.ts';
import type { AgentCallMessage, ManagerCallMessage } from '../protocol/call-messages.ts';
import type { CallArguments } from '../protocol/messages.ts';
import type { OnChannel } from '../protocol/transfer-messages.ts';
import type { Clock } from '../runtime/clock.ts';
import { encodeValue } from '../runtime/values.ts';
import type { StagingError } from '../staging/problems.ts';
import type { BatchResult, CallEvents, CallExecutor } from '../workers/call-run.ts';
import { callRunOf, type ModuleFiles } from './call-preparation.ts';
import { MapUnits } from './map-units.ts';
import { ModuleCache } from './module-cache.ts';
import { NOT_STARTED, type Run, type RunOutcome } from './service-work.ts';
import { argumentsOf, outcomeOf } from './single-call.ts';
import { type PreparationContext, PreparedUnit, standInPath } from './unit-preparation.ts';

/** What a desk needs, and what it tells. */
export interface CallDeskParts {
  readonly context: PreparationContext;
  /** The way to the manager; what is sent while there is none is dropped. */
  readonly link: {
    readonly buffered: number;
    readonly isNear?: boolean;
    send(message: OnChannel<AgentCallMessage>): void;
  };
  /** Makes whoever has workers, when the first function is called. */
  workers(events: CallEvents): CallExecutor;
  readonly clock: Clock;
  /** Where units are reported, as processes are. */
  readonly events: Pick<CallEvents, 'started' | 'progress' | 'output'> & {
    ended(key: number, outcome: RunOutcome): void;
    /** A map unit has had nothing to do for a moment, or has again. */
    idle(key: number, isIdle: boolean): void;
  };
}

/** A unit that calls functions, from when it has slots until it is over. */
interface Work {
  readonly run: Run;
  readonly unit: PreparedUnit;
  readonly call: CallCommand;
  /** Of a single call: its arguments, once they are here. */
  args: Uint8Array | undefined;
  result: BatchResult | undefined;
  /** It is with the workers; before, it is ended here. */
  isRunning: boolean;
  /** What of it somebody wants to see, as long as it is not with the workers. */
  readonly watched: Set<OutputStream>;
  /** What it has written to, once the workers are done with it. */
  wrote?: readonly OutputStream[];
}

const SIGTERM = 15;
const SIGNAL = FAILURE_REASONS.indexOf('SIGNAL');
const CALL_FAILED = FAILURE_REASONS.indexOf('CALL_FAILED');
const STAGING_FAILED = FAILURE_REASONS.indexOf('STAGING_FAILED');
const STAGING_INTERRUPTED = FAILURE_REASONS.indexOf('STAGING_INTERRUPTED');
const NO_ARGUMENTS: CallArguments = { inline: Buffer.from(encodeValue([])).toString('base64') };

/** Whoever has functions called for an agent. */
export class CallDesk {
  readonly #parts: CallDeskParts;
  readonly #modules: ModuleCache;
  readonly #maps: MapUnits;
  readonly #works = new Map<number, Work>();
  #workers: CallExecutor | undefined;

  constructor(parts: CallDeskParts) {
    this.#parts = parts;
    const { context, link, clock, events } = parts;
    this.#modules = new ModuleCache(context.root, (message) => link.send(message));
    this.#maps = new MapUnits({
      link,
      clock,
      workers: {
        call: (...batch) => this.#executor.call(...batch),
        drop: (...batches) => this.#executor.drop(...batches),
        fold: (...fold) => this.#executor.fold(...fold),
        finish: (key) => this.#executor.finish(key),
      },
      idle: (key, isIdle) => events.idle(key, isIdle),
      ended: (key, outcome) => this.#over(key, outcome),
    });
  }

  /** Has a unit do its calls. */
  run(run: Run, call: CallCommand): void {
    const unit = new PreparedUnit(run, this.#parts.context);
    const work: Work = {
      run,
      unit,
      call,
      args: undefined,
      result: undefined,
      isRunning: false,
      watched: new Set(),
    };
    this.#works.set(run.key, work);
    if (call.isMap) this.#maps.add(run, call.combine !== undefined);
    void this.#begin(work);
  }

  /** Whether it is a call, or was one whose output somebody may still want to see. */
  knows(key: number): boolean {
    return this.#works.has(key) || this.#workers?.knows(key) === true;
  }

  /** The unit is canceled or, where its run says so, its agent ends. */
  terminate(key: number, graceMs?: number): void {
    const work = this.#works.get(key);
    if (work === undefined) return;
    if (!work.isRunning) {
      this.#works.delete(key);
      queueMicrotask(() => this.#end(work, terminated(this.#parts.clock.now())));
      return;
    }
    if (work.run.stop === 'evict') this.#maps.evict(key, graceMs ?? work.unit.graceMs);
    else this.#maps.forget(key);
    this.#executor.terminate(key, graceMs);
  }

  /** A map unit is to give way to others. */
  yield(key: number): void {
    this.#maps.yield(key);
  }

  watch(key: number, stream: OutputStream, on: boolean): void {
    const work = this.#works.get(key);
    if (work?.wrote?.includes(stream) === false) {
      if (on) queueMicrotask(() => this.#parts.events.output(key, stream, undefined));
    } else if (work === undefined || work.isRunning) this.#executor.watch(key, stream, on);
    else if (on) work.watched.add(stream);
    else work.watched.delete(stream);
  }

  /** A message about calls. */
  receive({ channel, ...message }: OnChannel<ManagerCallMessage>): void {
    if (message.type === 'module') this.#modules.receive(channel, message);
    else this.#maps.receive(channel, message);
  }

  /** The service that has that channel now can be reached. */
  attached(channel: number): void {
    this.#modules.attached(channel);
    this.#maps.attached(channel);
  }

  /** The link takes more. */
  drained(): void {
    this.#maps.drained();
  }

  /** The link is gone. */
  disconnected(): void {
    this.#maps.disconnected();
  }

  /** Ends every worker. */
  async close(graceMs: number): Promise<void> {
    this.#works.clear();
    await this.#workers?.close(graceMs);
    this.#modules.close();
  }

  get #executor(): CallExecutor {
    this.#workers ??= this.#parts.workers(this.#callEvents());
    return this.#workers;
  }

  #callEvents(): CallEvents {
    const { events } = this.#parts;
    return {
      started: (key, at) => this.#started(key, at),
      results: (key, result) => this.#done(key, result),
      ended: (key, outcome) => {
        if (this.#works.get(key)?.call.isMap) this.#maps.ended(key, outcome);
        else this.#over(key, outcome);
      },
      progress: (...line) => events.progress(...line),
      output: (...output) => events.output(...output),
    };
  }

  async #begin(work: Work): Promise<void> {
    const { run, unit, call } = work;
    try {
      const files = await this.#modulesOf(run, call);
      if (!this.#isHere(work)) return;
      if (!call.isMap) work.args = await this.#argumentsOf(work);
      if (!this.#isHere(work)) return;
      work.isRunning = true;
      this.#executor.run(callRunOf(run, unit, call, files));
      for (const stream of work.watched) this.#executor.watch(run.key, stream, true);
      work.watched.clear();
    } catch (error) {
      if (this.#isHere(work)) this.#end(work, failed(error as Error, this.#parts.clock.now()));
    }
  }

  async #modulesOf({ service }: Run, { module, combine }: CallCommand): Promise<ModuleFiles> {
    try {
      const [file, other] = await Promise.all([
        this.#modules.file(service, module),
        combine && this.#modules.file(service, combine.module),
      ]);
      return { module: file, combine: other };
    } catch (error) {
      // A disk that is full is the node's problem, and not the module's.
      if ((error as Partial<StagingError>).isTransient) throw error;
      throw new ModuleProblem((error as Error).message);
    }
  }

  async #argumentsOf({ run, unit }: Work): Promise<Uint8Array> {
    // Beside its sandbox, which nobody makes.
    if (run.staged) this.#parts.context.files?.place(run.staged, unit, dirname(unit.sandbox));
    return argumentsOf(unit.command.args ?? NO_ARGUMENTS, (item) => this.#fileOf(run, item));
  }

  #started(key: number, at: number): void {
    const work = this.#works.get(key);
    if (work === undefined) return;
    this.#parts.events.started(key, at);
    if (work.args === undefined) {
      this.#maps.ready(key);
      return;
    }
    const data = work.args;
    work.args = undefined;
    const round = work.run.attempt;
    const call = { batch: 0, kind: 'calls', first: 0, count: 1, isSpread: true } as const;
    this.#executor.call(key, { ...call, round, data });
    this.#executor.finish(key);
  }

  #done(key: number, result: BatchResult): void {
    const work = this.#works.get(key);
    if (work?.call.isMap) this.#maps.done(key, result);
    else if (work !== undefined) work.result = result;
  }

  /** The workers have nothing more to do with it. */
  #over(key: number, outcome: UnitOutcome): void {
    const work = this.#works.get(key);
    if (work === undefined) return;
    const { run, result } = work;
    work.wrote = outcome.wrote ?? [];
    const fileOf = (item: number): string => this.#fileOf(run, item);
    void outcomeOf(outcome, result, fileOf).then((end) => this.#end(work, end));
  }

  #end({ run, watched }: Work, outcome: RunOutcome): void {
    const { key } = run;
    for (const stream of watched) this.#parts.events.output(key, stream, undefined);
    this.#works.delete(key);
    this.#maps.remove(key);
    this.#parts.events.ended(key, outcome);
  }

  #isHere(work: Work): boolean {
    return this.#works.get(work.run.key) === work;
  }

  #fileOf(run: Run, item: number): string {
    return standInPath(this.#parts.context.root, run, item);
  }
}

/** The module of a call cannot be had. */
class ModuleProblem extends Error {}

function terminated(at: number): RunOutcome {
  const times = { startedAt: at, finishedAt: at };
  return { ...NOT_STARTED, ...times, reason: SIGNAL, signal: SIGTERM, terminated: true };
}

/** Why a unit never came to its workers. */
function failed(error: Error & Partial<Pick<StagingError, 'isTransient'>>, at: number): RunOutcome {
  const { message, isTransient } = error;
  const never = { ...NOT_STARTED, startedAt: at, finishedAt: at, problem: message };
  if (!(error instanceof ModuleProblem)) {
    return { ...never, reason: isTransient ? STAGING_INTERRUPTED : STAGING_FAILED };
  }
  const value = { call: 0, kind: 'module', name: 'Error', message } as const;
  return { ...never, reason: CALL_FAILED, value };
}
