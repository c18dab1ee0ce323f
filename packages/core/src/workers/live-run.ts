/**
 * One run: has a worker do its batches, and another one where that has ended or has done its share.
 * It tells what came of calls; which of them are to blame for an end is found out in blame.ts.
 */
import type { OutputStream } from '../executor/unit-run.ts';
import type { Clock } from '../runtime/clock.ts';
import { blame, notStarted, refusals, runOutcome, toProblem, unfitness } from './blame.ts';
import type { Batch, BatchResult, CallEvents, CallRun } from './call-run.ts';
import { KillTimer } from './kill-timer.ts';
import { type Given, type Item, isNext, NO_BYTES, PieceQueue } from './piece-queue.ts';
import type { RunOutput } from './run-output.ts';
import { RunUsage } from './run-usage.ts';
import { Watchdog } from './watchdog.ts';
import type { NoProcess, Worker, WorkerEnd, WorkerUser } from './worker.ts';
import type { FromWorker, FunctionName, ToldProblem } from './worker-messages.ts';
import type { WorkerPool } from './worker-pool.ts';

/** How much work, by the time that it takes, a worker is sent ahead of what it is at; and how many pieces at most. */
const AHEAD_MS = 5;
const MOST_AHEAD = 16;
/** When so many workers in a row have ended without having done anything, something is wrong with all of them. */
const MOST_BARREN = 3;

/** What a run is made with. */
export interface RunParts {
  readonly pool: WorkerPool;
  readonly events: CallEvents;
  readonly clock: Clock;
  readonly output: RunOutput;
  /** Nothing more is heard of it. */
  over(): void;
}

type Results = Extract<FromWorker, { readonly type: 'results' }>;
type Folded = Extract<FromWorker, { readonly type: 'folded' }>;
type Reported = Partial<BatchResult> & Pick<BatchResult, 'count' | 'isLast'>;

/** A run, from its beginning to its end. */
export class LiveRun implements WorkerUser {
  readonly #run: CallRun;
  readonly #parts: RunParts;
  readonly #watchdog: Watchdog;
  readonly #functions: readonly [FunctionName, ...FunctionName[]];
  readonly #queue = new PieceQueue();
  #worker: Worker | undefined;
  /** The worker has what it needs for this run. */
  #isServed = false;
  /** It hands over what it has folded, before it goes. */
  #isHandingOver = false;
  /** What another worker has folded, for the next one. */
  #folded: Uint8Array | undefined;
  /** Whether the worker has folded something. */
  #hasFolded = false;
  /** Whether what a worker had folded is lost, and nobody was told yet. */
  #isFoldLost = false;
  /** The next worker is to have a process for itself. */
  #isApart = false;
  #pieceMs = Number.POSITIVE_INFINITY;
  #barren = 0;
  /** What is wrong with each of its calls. */
  #broken: ToldProblem | undefined;
  #state: 'new' | 'started' | 'over' = 'new';
  #isFinishing = false;
  #isTerminated = false;
  readonly #killTimer: KillTimer;
  #startedAt: number | undefined;
  readonly #usage = new RunUsage();

  constructor(run: CallRun, parts: RunParts) {
    this.#run = run;
    this.#parts = parts;
    this.#killTimer = new KillTimer(parts.clock, () => this.#worker);
    this.#watchdog = new Watchdog(run, parts.clock);
    const { module, export: name, combine } = run;
    this.#functions = [{ module, export: name }, ...(combine ? [combine] : [])];
  }

  get isBusy(): boolean {
    return this.#queue.current !== undefined;
  }

  begin(): void {
    this.#needWorker();
  }

  call(batch: Batch): void {
    this.#queue.add(batch);
    this.#proceed();
  }

  fold(batch: number): void {
    this.#queue.addFold(batch);
    this.#proceed();
  }

  drop(batches: readonly number[]): readonly number[] {
    return this.#queue.drop(batches);
  }

  finish(): void {
    this.#isFinishing = true;
    this.#proceed();
  }

  /** Called again, it can only shorten the grace. Without a grace of the agent's the run is canceled. */
  terminate(graceMs?: number): void {
    this.#queue.clear();
    this.#isTerminated = true;
    if (!this.#queue.current) {
      queueMicrotask(() => this.#end());
      return;
    }
    this.#worker?.send({ type: 'abort' });
    const { graceMs: own } = this.#run;
    this.#killTimer.within(Math.min(own, graceMs ?? own));
    if (graceMs === undefined) this.#killTimer.soonIfDeaf();
  }

  /** Does what can be done now, but never within a call of the executor's methods. */
  #proceed(): void {
    queueMicrotask(() => this.#pump());
  }

  #pump(): void {
    if (this.#state === 'over' || this.#isTerminated || this.#isHandingOver) return;
    if (this.#broken) this.#refuseAll(this.#broken);
    for (let item = this.#queue.next; item && this.#mayGive(item); item = this.#queue.next) {
      this.#give(item);
    }
    if (this.#isFinishing && this.#queue.isEmpty) this.#end();
  }

  /** Whether the worker can be given this now. If not, whatever is missing for that is on its way. */
  #mayGive({ isFold }: Item): boolean {
    this.#needWorker();
    if (!this.#isServed) return false;
    const ahead = this.#queue.givenCount;
    if (this.#callsLeft <= 0 && !isFold) {
      if (ahead === 0) this.#replaceWorker();
      return false;
    }
    return ahead === 0 || (ahead < MOST_AHEAD && ahead * this.#pieceMs < AHEAD_MS);
  }

  /** How many calls the worker may be given yet. */
  get #callsLeft(): number {
    const { isolation, recycleAfter = Number.POSITIVE_INFINITY } = this.#run;
    return (isolation === 'fresh' ? 1 : recycleAfter) - (this.#worker?.calls ?? 0);
  }

  #give({ batch, isFold }: Item): void {
    const worker = this.#worker as Worker;
    const { piece, from, to } = this.#queue.give(this.#callsLeft);
    if (isFold) {
      worker.send({ type: 'fold', piece });
      return;
    }
    worker.calls += to - from;
    const { kind, first, round, isSpread = false, data } = batch;
    worker.send({ type: 'calls', piece, from, to, kind, first, round, isSpread }, data);
    this.#watchdog.watch(worker);
  }

  #needWorker(): void {
    if (this.#worker || this.#state === 'over' || this.#broken) return;
    let worker: Worker;
    try {
      worker = this.#parts.pool.take(this.#run, this, this.#isApart);
    } catch (error) {
      queueMicrotask(() => this.#end(notStarted(error)));
      return;
    }
    this.#isApart = false;
    this.#parts.output.ofAnother();
    this.#worker = worker;
    this.#isServed = false;
    if (worker.isReady) this.workerReady();
    if (!this.#isServed) this.#watchdog.watchInit(worker);
  }

  /** This worker has done its share. */
  #replaceWorker(): void {
    if (this.#hasFolded) {
      this.#isHandingOver = true;
      this.#worker?.send({ type: 'fold', piece: 0 });
      return;
    }
    this.#leaveWorker('dismiss');
    this.#needWorker();
  }

  #leaveWorker(how: 'dismiss' | 'release'): void {
    const worker = this.#worker;
    this.#worker = undefined;
    this.#isServed = false;
    this.#usage.leave();
    this.#watchdog.rest();
    if (!worker) return;
    worker.user = undefined;
    this.#parts.pool[how](worker);
  }

  workerReady(): void {
    const worker = this.#worker as Worker;
    const { cores, gpus, scratch, variables, memoryLimit } = this.#run;
    const [called, combine] = this.#functions;
    const place = { cores, gpus, scratch, variables, memoryLimit };
    worker.send({ type: 'run', function: called, combine, ...place });
    if (this.#folded) worker.send({ type: 'folded' }, this.#folded);
    this.#folded = undefined;
    // It has found them before, and will again: no need to wait for that.
    if (worker.knows(this.#functions)) this.#serve();
  }

  #serve(): void {
    this.#isServed = true;
    this.#watchdog.rest();
    queueMicrotask(() => this.#begun());
    this.#proceed();
  }

  #begun(): void {
    if (this.#state !== 'new') return;
    this.#state = 'started';
    this.#startedAt = this.#parts.clock.now();
    this.#parts.events.started(this.#run.key, this.#startedAt);
  }

  workerUnfit(problem: ToldProblem): void {
    this.#leaveWorker('dismiss');
    this.#break(problem);
  }

  /** None of its calls can be done: whatever comes is refused. */
  #break(problem: ToldProblem): void {
    this.#broken = problem;
    this.#begun();
    this.#pump();
  }

  #refuseAll(problem: ToldProblem): void {
    for (const item of this.#queue.clear()) {
      const problems = refusals(problem, item.given, item.batch.count);
      this.#report(item, item.given, { count: problems.length, isLast: true, problems });
    }
  }

  workerSays(message: FromWorker, body: Buffer): void {
    const { events, clock, output } = this.#parts;
    if (message.type === 'results') this.#results(message, body);
    else if (message.type === 'output') output.put(message.stream, body);
    else if (message.type === 'progress') {
      events.progress(this.#run.key, message.fraction, message.message, clock.now());
    } else if (message.type === 'run-ready') this.#foundFunctions(message.problem);
    else if (message.type === 'folded') this.#wasFolded(message, body);
  }

  #foundFunctions(problem: ToldProblem | undefined): void {
    if (problem) {
      // The worker is as good as before, for others.
      this.#leaveWorker('release');
      this.#break(problem);
      return;
    }
    this.#worker?.learned(this.#functions);
    if (!this.#isServed) this.#serve();
  }

  #results(results: Results, data: Buffer): void {
    const { piece, count, ms, problems, isOver, isFull, usage } = results;
    const queue = this.#queue;
    const given = queue.current;
    if (given?.piece !== piece) return;
    if (!isNext(given, results)) {
      this.#worker?.broken('results of calls that it was not given');
      return;
    }
    const { item, done: from } = given;
    given.done += count;
    given.ms += ms;
    if (count > 0) this.#barren = 0;
    if (usage) this.#usage.present = usage;
    if (this.#run.combine && count > problems.length) this.#hasFolded = true;
    if (isOver) this.#pieceOver(given);
    const isLast = isOver && given.done === item.batch.count;
    if (count > 0 || isLast) {
      const told = problems.map(toProblem);
      this.#report(item, from, { count, ms, isLast, data, problems: told });
    }
    if (!isOver) return;
    if (this.#isTerminated && !queue.current) this.#end();
    else if (isFull && !queue.current) this.#replaceWorker();
    this.#pump();
  }

  #pieceOver(given: Given): void {
    this.#queue.over();
    if (this.#isTerminated) this.#queue.clear();
    this.#pieceMs = given.ms;
    if (!this.#queue.current) this.#watchdog.rest();
  }

  #wasFolded({ piece, isEmpty, problem }: Folded, data: Buffer): void {
    this.#hasFolded = false;
    if (this.#isHandingOver) {
      this.#isHandingOver = false;
      this.#leaveWorker('dismiss');
      if (problem) {
        this.#isFoldLost = true;
        this.#break(problem);
        return;
      }
      this.#folded = isEmpty ? undefined : data;
      this.#hasFolded = !isEmpty;
      this.#needWorker();
      return;
    }
    const given = this.#queue.current;
    if (given?.piece !== piece) return;
    this.#queue.over();
    this.#queue.conclude(given.item);
    const problems = problem ? [toProblem(problem)] : [];
    this.#report(given.item, 0, { count: isEmpty ? 0 : 1, isLast: true, data, problems });
    if (this.#isTerminated && !this.#queue.current) this.#end();
    this.#pump();
  }

  printed(stream: OutputStream, chunk: Uint8Array): void {
    this.#parts.output.put(stream, chunk);
  }

  workerEnded(end: WorkerEnd): void {
    const wasReady = this.#worker?.isReady === true;
    const { excess } = this.#watchdog;
    this.#worker = undefined;
    this.#isServed = false;
    this.#isHandingOver = false;
    this.#watchdog.rest();
    this.#usage.leave();
    if (this.#isTerminated) {
      this.#end();
      return;
    }
    if (this.#hasFolded) this.#isFoldLost = true;
    this.#hasFolded = false;
    // Those before the one that it was at are done, but it could not say so.
    const piece = this.#queue.find(end.lastWords?.piece ?? end.mark?.piece);
    this.#queue.lost();
    if (end.isShared && !end.lastWords) {
      // Whatever it was at is tried alone: then it is known who does it.
      this.#isApart = true;
      this.#needWorker();
      return;
    }
    const tail = end.stderrTail ?? this.#parts.output.stderrTail;
    const evidence = { end, excess, run: this.#run, tail };
    const culprits = piece && blame({ piece, ...evidence });
    if (culprits) {
      // The batch ends with them: what was not begun of it is given back.
      const { from, problems } = culprits;
      this.#queue.conclude(piece.item);
      this.#report(piece.item, from, { count: problems.length, isLast: true, problems });
    } else this.#endedIdle(evidence, wasReady);
    if (this.#state === 'started') this.#needWorker();
    this.#pump();
  }

  /** The worker was at no call: somebody else has ended it, or it ends whatever it is given. */
  #endedIdle(evidence: Parameters<typeof unfitness>[0], wasReady: boolean): void {
    const { end, excess } = evidence;
    this.#barren += 1;
    const isUnfit = excess === 'init-time-limit' || (!wasReady && end.signal === undefined);
    if (end.notStarted) this.#end(end.notStarted);
    else if (isUnfit || this.#barren >= MOST_BARREN) this.#break(unfitness(evidence));
    else this.#needWorker();
  }

  #report({ batch: { batch, first } }: Item, from: number, result: Reported): void {
    const lost = this.#isFoldLost && { isFoldLost: true };
    this.#isFoldLost = false;
    const usual = { batch, first: first + from, ms: 0, problems: [], data: NO_BYTES };
    this.#parts.events.results(this.#run.key, { ...usual, ...result, ...lost });
  }

  #end(problem?: NoProcess): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    this.#killTimer.cancel();
    // One that still loads what this run would have called may do so for ever: it is not for others.
    const isLoading = this.#worker?.isReady === true && !this.#isServed;
    const isGood = this.#callsLeft > 0 && !this.#isHandingOver && !isLoading;
    this.#leaveWorker(isGood ? 'release' : 'dismiss');
    const { clock, events, output, over } = this.#parts;
    const wrote = output.end();
    const outcome = runOutcome(clock.now(), this.#isTerminated, problem);
    const startedAt = this.#startedAt ?? outcome.startedAt;
    events.ended(this.#run.key, { ...outcome, startedAt, ...this.#usage.total, ...wrote });
    over();
  }
}
