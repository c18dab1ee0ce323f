/**
 * The decisions of an agent: what its units do (see workload.ts), what the manager is told, and
 * when the agent ends. Messages, the executor's events and the passing of time go in, effects come
 * out; it knows no clock, process, link or file.
 *
 * Times named `now` are milliseconds of the agent's own running time: a process that was stopped, or
 * whose machine slept, must not conclude that the others were silent. Times named `at` are epoch.
 * After a standstill as long as the lease, though, the manager may have given the units to others, and
 * what the old link still brings is old: until a new link proves otherwise, nothing is started.
 */
import { formatDuration } from '../model/quantity.ts';
import type { AgentMessage, EndReason, HeldUnits, ManagerMessage } from '../protocol/messages.ts';
import type { Run, RunOutcome, StagedUnit } from './service-work.ts';
import type { SlotCapacity } from './slots.ts';
import type { StagingProblem, UnheardReport, UnitEffect } from './unit-effects.ts';
import { type Unheard, Workload } from './workload.ts';

/** What is to be done, in this order. */
export type AgentEffect =
  | UnitEffect
  | { readonly type: 'send'; readonly message: AgentMessage }
  /** Is to outlive the agent, until it is forgotten. */
  | ({ readonly type: 'keep' } & UnheardReport)
  /** The present link is to be given up for a new one. */
  | { readonly type: 'redial' }
  /** The last effect: all that is left is to say goodbye. */
  | {
      readonly type: 'exit';
      readonly reason: EndReason;
      readonly problem: string | undefined;
      /** Nobody may hear the goodbye, nor have heard all that went before it. */
      readonly isUnheard: boolean;
    };

/** How an agent is set up. */
export interface AgentMachineOptions {
  readonly capacity: SlotCapacity;
  /** The node sees the files of the manager's machine under the same names. Default: true. */
  readonly sharesFiles?: boolean;
  /** How long it goes on without a manager: then its units are dead, and it ends. */
  readonly leaseMs: number;
  /** How long it goes on without a unit. */
  readonly idleTimeoutMs?: number;
  /** Between SIGTERM and SIGKILL when it is not told. */
  readonly graceMs: number;
}

/** Units for each core: of the shortest processes, some milliseconds' worth. */
const PLENTY = 8;
/** How long an ending agent waits for its last reports to be acknowledged. */
const FAREWELL_MS = 5_000;
/** How long a report may be unacknowledged on a link that seems well before it is kept, once or twice. */
const OVERDUE_MS = 2_000;
/** How long after such a standstill it takes at the most to be known to a manager again, or to end. */
const DOUBT_MS = 5_000;
/** How long after SIGKILL a process may take to be gone before the agent goes without its end. */
const REAPING_MS = 10_000;

interface Ending {
  readonly reason: EndReason;
  readonly problem: string | undefined;
  /** Until when outputs are brought home. */
  readonly collectUntil: number;
  /** When it exits whatever still runs. */
  readonly latest: number;
  /** When it exits though not all is acknowledged; known once nothing runs. */
  farewell: number | undefined;
}

/** An agent's mind. */
export class AgentMachine {
  readonly #workload: Workload;
  readonly #idleTimeoutMs: number | undefined;
  readonly #graceMs: number;
  readonly #cores: number;
  #leaseMs: number;
  #effects: AgentEffect[] = [];
  #isConnected = false;
  #lastHeard: number;
  /** How long the agent stood still since then. */
  #stoodStillMs = 0;
  /** Until when a manager must have welcomed us, after a standstill. */
  #doubtUntil: number | undefined;
  #lastBusy: number;
  #lastLook: number;
  /** Why nothing can be started here any more. */
  #nodeProblem: string | undefined;
  #ending: Ending | undefined;
  #isOver = false;

  constructor(options: AgentMachineOptions, now: number) {
    const { capacity, sharesFiles = true } = options;
    this.#workload = new Workload(capacity, sharesFiles, (effect) => this.#effects.push(effect));
    this.#leaseMs = options.leaseMs;
    this.#idleTimeoutMs = options.idleTimeoutMs;
    this.#graceMs = options.graceMs;
    this.#cores = options.capacity.cores.length;
    this.#lastHeard = now;
    this.#lastBusy = now;
    this.#lastLook = now;
  }

  /** What is to be done since the last call. */
  takeEffects(): readonly AgentEffect[] {
    const effects = this.#effects;
    if (effects.length > 0) this.#effects = [];
    return effects;
  }

  /** The attempt that runs under a key. */
  runOf(key: number): Run | undefined {
    return this.#workload.runOf(key);
  }

  /** The attempt with files that travel under a key, from its `stage` on or its `run` to its end. */
  stagedOf(key: number): StagedUnit | undefined {
    return this.#workload.staged.of(key);
  }

  /** How many units run, and how many wait for slots. */
  get load(): { readonly running: number; readonly waiting: number } {
    return { running: this.#workload.running, waiting: this.#workload.waiting };
  }

  /** Of how many units files travel, in whatever phase they are. */
  get withFiles(): number {
    return this.#workload.staged.size;
  }

  /** Whether so much waits here that no core becomes idle while a report is on its way. */
  get hasPlenty(): boolean {
    return this.#workload.waiting >= PLENTY * this.#cores;
  }

  /** Whether there is anything to say but what has started. */
  get hasNews(): boolean {
    return this.#workload.hasNews;
  }

  /** Whether what the present link brings must not be trusted. */
  get isInDoubt(): boolean {
    return this.#doubtUntil !== undefined;
  }

  /** All that is here, by service. */
  held(): (HeldUnits & { readonly service: string })[] {
    return this.#workload.held();
  }

  /** The manager has welcomed the agent on a new link, and said how long it may be without one. */
  connected(leaseMs: number, now: number): void {
    this.#isConnected = true;
    this.#leaseMs = leaseMs;
    this.#doubtUntil = undefined;
    this.#heard(now);
    this.#workload.resume();
  }

  /** The link is gone. */
  disconnected(): void {
    this.#isConnected = false;
    this.#workload.detach();
    this.#keep('unreachable');
  }

  /** A message of the manager's. */
  receive(message: ManagerMessage, now: number, at: number): void {
    this.#heard(now);
    switch (message.type) {
      case 'attach':
        this.#attach(message.channel, message.service);
        break;
      case 'end':
        this.end('ordered', now, { graceMs: message.graceMs, problem: message.why });
        break;
      case 'welcome':
      case 'refuse':
      case 'pulse':
        break;
      default:
        this.#workload.receive(message, at);
        this.#exitWhenSettled();
    }
  }

  /** Says what is here before the reports of it are repeated: what is not named was never heard of. */
  #attach(channel: number, id: string): void {
    this.#workload.attach(channel, id);
    for (const { service, ...held } of this.held()) {
      if (service !== id) continue;
      this.#effects.push({ type: 'send', message: { type: 'held', channel, ...held } });
    }
  }

  /** The unit's process runs. */
  started(key: number, at: number): void {
    this.#workload.started(key, at);
  }

  /** The unit's process is gone, or could not be started. */
  ended(key: number, outcome: RunOutcome): void {
    this.#workload.ended(key, outcome);
    // What waited is handed back, and what runs may come to its end here.
    if (outcome.isOfNode) this.#nodeProblem ??= outcome.problem;
    // The manager takes it in while the tick goes on here.
    if (this.#workload.hasFullReport) this.flush();
  }

  /** A map unit has had nothing to do for a moment, or has again. */
  idle(key: number, isIdle: boolean): void {
    this.#workload.idle(key, isIdle);
  }

  /** The inputs of a unit are here, and nothing is left to do but to put them in their places. */
  staged(key: number): void {
    this.#workload.arrived(key);
  }

  /**
   * The inputs of a unit will not come; or not yet, where it is the node that has a problem: then they
   * are staged again after a while, and the unit can be taken back until then.
   *
   * @param at milliseconds since the epoch
   */
  stagingFailed(key: number, problem: StagingProblem, at: number): void {
    this.#workload.staged.failed(key, problem, at);
    this.#exitWhenSettled();
  }

  /** The outputs of a unit are at their destinations. */
  collected(key: number): void {
    this.#workload.collected(key);
    this.#exitWhenSettled();
  }

  /** Not all of them are, nor will be. */
  collectingFailed(key: number, problem: StagingProblem): void {
    this.#workload.collected(key, problem);
    this.#exitWhenSettled();
  }

  /** Time has passed, and more of it than the agent has been running where it stood still. */
  tick(now: number, stoodStillMs = 0): void {
    if (stoodStillMs > 0) this.#goOn(now, stoodStillMs);
    const { running, waiting, staged } = this.#workload;
    if (running + waiting + staged.size > 0) this.#lastBusy = now;
    this.#workload.tick(now);
    if (now - this.#lastLook >= OVERDUE_MS) {
      this.#lastLook = now;
      this.#keep('overdue');
    }
    if (this.#ending !== undefined) this.#tickEnding(this.#ending, now);
    else if (now >= (this.#doubtUntil ?? Number.POSITIVE_INFINITY)) this.#endLease(now, 0);
    else if (now - this.#lastHeard >= this.#leaseMs - this.#lastGraceMs) {
      this.#endLease(now, this.#lastGraceMs);
    } else if (this.#nodeProblem !== undefined && !this.#isAtWork) {
      this.end('failed', now, { problem: `nothing can be started here: ${this.#nodeProblem}` });
    } else if (this.#idleTimeoutMs !== undefined && now - this.#lastBusy >= this.#idleTimeoutMs) {
      this.end('idle', now);
    }
  }

  /**
   * The agent is to end: what waits is handed back, what runs is terminated and handed back. It
   * exits when the manager has acknowledged all of it, or does not answer.
   */
  end(reason: EndReason, now: number, how: { graceMs?: number; problem?: string } = {}): void {
    if (this.#ending !== undefined) return;
    const { graceMs = this.#graceMs, problem } = how;
    const hasManager = reason !== 'lease' && reason !== 'failed';
    const collectUntil = hasManager ? now + graceMs : now;
    const latest = now + graceMs + REAPING_MS;
    this.#ending = { reason, problem, collectUntil, latest, farewell: undefined };
    this.#workload.evict(graceMs);
    this.#tickEnding(this.#ending, now);
  }

  /** Says what has happened since the last call; to be called once in a tick of the event loop. */
  flush(): void {
    for (const message of this.#workload.takeReports()) {
      this.#effects.push({ type: 'send', message });
    }
    this.#keep('unreachable');
    this.#exitWhenSettled();
  }

  /** The agent cannot go on: what nobody has heard is to be kept. */
  abandon(): void {
    this.#keep('any');
  }

  /** When the lease is over the units must be gone, so that another agent may have them. */
  get #lastGraceMs(): number {
    return Math.min(this.#graceMs, this.#leaseMs / 2);
  }

  #heard(now: number): void {
    this.#lastHeard = now;
    this.#stoodStillMs = 0;
  }

  /** The agent runs again after a standstill. */
  #goOn(now: number, stoodStillMs: number): void {
    this.#stoodStillMs += stoodStillMs;
    if (this.isInDoubt || now - this.#lastHeard + this.#stoodStillMs < this.#leaseMs) return;
    this.#doubtUntil = now + Math.min(DOUBT_MS, this.#leaseMs / 2);
    this.#workload.pause();
    this.#effects.push({ type: 'redial' });
  }

  #endLease(now: number, graceMs: number): void {
    const problem = `no manager for ${formatDuration(Math.round(this.#leaseMs / 1_000))}`;
    this.end('lease', now, { graceMs, problem });
  }

  #tickEnding(ending: Ending, now: number): void {
    if (now >= ending.collectUntil) this.#workload.staged.stopCollecting();
    if (!this.#isAtWork) ending.farewell ??= now + FAREWELL_MS;
    if (now >= Math.min(ending.latest, ending.farewell ?? Number.POSITIVE_INFINITY))
      this.#exit(ending);
    else this.#exitWhenSettled();
  }

  /** Whether a unit has processes, or outputs on their way. */
  get #isAtWork(): boolean {
    return this.#workload.running > 0 || this.#workload.staged.leaving > 0;
  }

  #exitWhenSettled(): void {
    const ending = this.#ending;
    if (ending === undefined || this.#isAtWork) return;
    const isAlone = !this.#isConnected && (ending.reason === 'lease' || ending.reason === 'failed');
    if (isAlone || this.#workload.isSettled) this.#exit(ending);
  }

  #exit({ reason, problem }: Ending): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const isUnheard = !(this.#isConnected && this.#workload.isSettled);
    this.#keep('any');
    this.#effects.push({ type: 'exit', reason, problem, isUnheard });
  }

  #keep(which: Unheard): void {
    for (const unheard of this.#workload.takeUnkept(which)) {
      this.#effects.push({ type: 'keep', ...unheard });
    }
  }
}
