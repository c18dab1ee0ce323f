/**
 * The units that an agent holds: it takes them in, starts what fits, takes back what it is asked for
 * and reports what has become of each. Every attempt that is taken in is reported over exactly once.
 * Knows neither the clock nor why an agent ends.
 */
import type {
  HeldUnits,
  ManagerMessage,
  Report,
  StartRun,
  UnitColumns,
} from '../protocol/messages.ts';
import { heldUnits } from './held-units.ts';
import { MapTurns, turnOf, waitingUnits } from './map-turns.ts';
import { PromisedUnits } from './promised-units.ts';
import { RunTable } from './run-table.ts';
import {
  handBack,
  learn,
  newService,
  onlyNew,
  type Run,
  type RunOutcome,
  refuse,
  reportOver,
  type ServiceWork,
  type Template,
  whyNever,
} from './service-work.ts';
import { type Allocation, type SlotCapacity, Slots } from './slots.ts';
import { StagedUnits, stagedOf } from './staged-units.ts';
import { eachRow } from './unit-columns.ts';
import type { StagingProblem, UnheardReport, UnitEffect } from './unit-effects.ts';
import { type Line, type Stretch, UnitQueue } from './unit-queue.ts';
import { type Watch, watchesOver, watchStarted, watchUnit } from './unit-watches.ts';

/**
 * Which unacknowledged reports: those of services that are out of reach, those that are so since the
 * last look for these, or all.
 */
export type Unheard = 'unreachable' | 'overdue' | 'any';

/** The messages that concern the units of one service. */
export type ServiceMessage = Exclude<
  Extract<ManagerMessage, { readonly channel: number }>,
  { readonly type: 'attach' }
>;

/** A unit that does not fit is overtaken by that many times the cores of the node. */
const PATIENCE = 4;

/** All units at an agent. */
export class Workload {
  /** Those whose files travel, in whatever phase. */
  readonly staged: StagedUnits;
  readonly #promised: PromisedUnits;
  readonly #slots: Slots;
  readonly #queue: UnitQueue<ServiceWork, Template>;
  readonly #services = new Map<string, ServiceWork>();
  readonly #channels = new Map<number, ServiceWork>();
  readonly #runs: RunTable;
  readonly #turns = new MapTurns();
  readonly #sharesFiles: boolean;
  readonly #emit: (effect: UnitEffect) => void;
  #isClosed = false;
  #isPaused = false;
  #hasFullReport = false;

  constructor(capacity: SlotCapacity, sharesFiles: boolean, emit: (effect: UnitEffect) => void) {
    this.#sharesFiles = sharesFiles;
    this.#slots = new Slots(capacity);
    this.#runs = new RunTable(capacity.cores.length);
    this.#queue = new UnitQueue(PATIENCE * capacity.cores.length);
    this.staged = new StagedUnits(sharesFiles, this.#queue, emit);
    this.#promised = new PromisedUnits(this.#queue);
    this.#emit = emit;
  }

  get running(): number {
    return this.#runs.size;
  }

  get waiting(): number {
    return this.#queue.size;
  }

  /** Whether a report is as long as it gets, and was not taken yet. */
  get hasFullReport(): boolean {
    return this.#hasFullReport;
  }

  /** Whether there is anything to say but what has started. */
  get hasNews(): boolean {
    for (const { box } of this.#services.values()) if (box.hasNews) return true;
    return false;
  }

  /** Whether the manager has acknowledged all that there is to say, and nothing more will be. */
  get isSettled(): boolean {
    if (this.staged.size > 0) return false;
    for (const { box } of this.#services.values()) if (!box.empty) return false;
    return true;
  }

  /** The attempt that runs under a key. */
  runOf(key: number): Run | undefined {
    return this.#runs.of(key);
  }

  /** All that is here, by service. */
  held(): (HeldUnits & { readonly service: string })[] {
    return [...this.#services.values()].map((service) => ({
      service: service.id,
      ...heldUnits(service, this.#queue, this.#runs),
    }));
  }

  attach(channel: number, id: string): void {
    const service = this.#services.get(id) ?? newService(id);
    this.#services.set(id, service);
    this.#channels.set(channel, service);
    service.channel = channel;
    service.box.rewind();
  }

  /** The link is gone, and with it everybody who watched. */
  detach(): void {
    this.#channels.clear();
    for (const service of this.#services.values()) {
      service.channel = undefined;
      service.watches.clear();
    }
  }

  /** @param at milliseconds since the epoch */
  receive(message: ServiceMessage, at: number): void {
    const service = this.#channels.get(message.channel);
    if (service === undefined) return;
    switch (message.type) {
      case 'templates':
        for (const template of message.templates) learn(service, template, this.#sharesFiles);
        break;
      case 'start':
        for (const run of message.runs) this.#accept(service, run, at);
        this.#startWhatFits();
        this.#haveMapsGiveWay();
        return;
      case 'cancel':
      case 'recall':
        this.#takeBack(service, message, message.type === 'cancel');
        break;
      case 'ack':
        if (service.box.acknowledge(message.seq)) {
          this.#emit({ type: 'forget', service: service.id });
        }
        break;
      case 'watch':
        this.#watch(service, message);
        break;
    }
    this.#startWhatFits();
  }

  /** The unit's process runs. */
  started(key: number, at: number): void {
    const run = this.#runs.of(key);
    if (run === undefined) return;
    run.startedAt = at;
    run.service.box.started(run);
  }

  /** The unit's process is gone, or could not be started. */
  ended(key: number, outcome: RunOutcome): void {
    const run = this.#runs.of(key);
    if (run === undefined) return;
    const { service, allocation, staged } = run;
    this.#runs.remove(run);
    service.recent.add(run, outcome.wrote);
    service.runningCores -= allocation.cores.length;
    this.#slots.release(allocation);
    this.#turns.remove(key);
    if (outcome.isOfNode) this.#retire();
    if (outcome.isOfNode && run.stop === undefined) {
      this.staged.dropWaiting(service, run.unit, run.attempt);
      handBack(run);
    } else if (staged === undefined && !outcome.leavesValue) reportOver(run, outcome);
    else this.staged.leave(run, outcome);
    if (service.box.hasUnsent) this.#hasFullReport = true;
    this.#startWhatFits();
  }

  /** A map unit has nothing to do, or has again. */
  idle(key: number, isIdle: boolean): void {
    this.#turns.idle(key, isIdle);
    this.#haveMapsGiveWay();
  }

  /** Time has passed. */
  tick(now: number): void {
    this.staged.tick(now);
    this.#turns.tick(now);
    this.#haveMapsGiveWay();
  }

  /** The inputs of a unit are here. */
  arrived(key: number): void {
    this.staged.arrived(key);
    this.#startWhatFits();
    this.#haveMapsGiveWay();
  }

  /** The outputs of a unit are at their destinations, or not all of them will be. */
  collected(key: number, problem?: StagingProblem): void {
    this.staged.collected(key, problem);
    this.#startWhatFits();
  }

  /** Starts nothing for now. */
  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#startWhatFits();
  }

  /** Hands back what waits and terminates what runs; what comes later is handed back at once. */
  evict(graceMs: number): void {
    this.#retire();
    for (const service of this.#services.values()) {
      for (const run of this.#runs.ofService(service)) {
        run.stop ??= 'evict';
        this.#emit({ type: 'terminate', key: run.key, graceMs });
      }
    }
  }

  /** What is to be said now that was not said on this link. */
  *takeReports(): Generator<Report> {
    this.#hasFullReport = false;
    for (const [channel, service] of this.#channels) {
      for (const report of service.box.takeUnsent(channel)) {
        watchesOver(service, report, this.#emit);
        yield report;
      }
    }
  }

  /** What is to be kept where it outlives this agent, and was not taken for that yet. */
  *takeUnkept(which: Unheard): Generator<UnheardReport> {
    for (const { id: service, channel, box } of this.#services.values()) {
      if (which === 'unreachable' && channel !== undefined) continue;
      const isStale = which === 'overdue' && box.takeStale();
      if (isStale) this.#emit({ type: 'forget', service });
      const reports = which === 'overdue' && !isStale ? box.takeOverdue() : box.takeUnkept();
      for (const report of reports) yield { service, report };
    }
  }

  /** Hands back what waits; what comes later is handed back at once. */
  #retire(): void {
    this.#isClosed = true;
    for (const service of this.#services.values()) {
      this.#promised.evict(service);
      for (const [unit, attempt] of this.#queue.removeAll(service)) {
        this.staged.dropWaiting(service, unit, attempt);
        service.box.returned(unit, attempt, false, 'evicted');
      }
    }
    this.staged.evict();
  }

  /** Takes the units of a run in, but for those it has or had, or had a later attempt of. */
  #accept(service: ServiceWork, run: StartRun, at: number): void {
    const fresh = onlyNew(service.attempts, run);
    const template = service.templates.get(run.template);
    if (this.#isClosed) {
      eachRow(fresh, (unit, attempt) => service.box.returned(unit, attempt, false, 'evicted'));
      return;
    }
    const problem = whyNever(template, run.template, this.#slots.capacity);
    if (fresh.after !== undefined) {
      const mayRun = problem === undefined && template !== undefined;
      const isPlain = mayRun && !this.staged.concern(template, fresh);
      if (isPlain) this.#promised.accept(service, run.priority, template, fresh, fresh.after);
      else eachRow(fresh, (unit, attempt) => service.box.returned(unit, attempt, false, 'asked'));
      return;
    }
    if (template !== undefined && problem === undefined) {
      if (this.staged.concern(template, fresh)) {
        this.staged.accept(service, run.priority, template, fresh);
      } else this.#queue.push(service, run.priority, template, fresh, fresh.own);
      return;
    }
    eachRow(fresh, (unit, attempt) => refuse(service, unit, attempt, { problem, at }));
  }

  #startWhatFits(): void {
    while (!this.#isPaused && this.#queue.size > 0 && this.#slots.freeCores > 0) {
      const line = this.#queue.next(this.#slots);
      if (line === undefined) break;
      this.#start(line);
    }
  }

  /** For what waits and does not fit: whenever more of that has come, or more of them have had their turn. */
  #haveMapsGiveWay(): void {
    if (this.#isPaused || this.#queue.size === 0 || this.#turns.isEmpty) return;
    for (const key of this.#turns.takeOver(waitingUnits(this.#queue), this.#slots.free)) {
      this.#emit({ type: 'yield', key });
    }
  }

  #start(line: Line<ServiceWork, Template>): void {
    const { template, units, attempts, own, cursor } = line.stretches[0] as Stretch<Template>;
    const service = line.competitor;
    const unit = units[cursor] as number;
    const attempt = attempts[cursor] as number;
    this.#queue.shift(line);
    // Two attempts of a unit never run at once, whatever the manager believes.
    const mayStart = attempt === 1 || this.#runs.ofUnit(service, unit) === undefined;
    if (service.attempts.of(unit) !== attempt || !mayStart) {
      this.staged.dropWaiting(service, unit, attempt);
      service.box.returned(unit, attempt, false, 'asked');
      return;
    }
    const allocation = this.#slots.allocate(template.request) as Allocation;
    const staged = stagedOf(service, unit, attempt);
    let run: Run = {
      key: this.#runs.nextKey,
      service,
      unit,
      attempt,
      template: template.message,
      own: own?.[cursor] ?? null,
      allocation,
      startedAt: 0,
      startedRow: -1,
      stop: undefined,
    };
    if (staged !== undefined) {
      staged.phase = 'running';
      run = { ...run, key: staged.key, staged };
    }
    this.#runs.add(run);
    service.runningCores += allocation.cores.length;
    if (run.template.command.call?.isMap) this.#turns.add(turnOf(run, line.priority));
    this.#emit({ type: 'run', run });
    if (service.watches.size > 0) watchStarted(run, this.#emit);
  }

  /** Rows that this agent has never heard of are handed back too: the manager waits for an answer. */
  #takeBack(service: ServiceWork, asked: UnitColumns, evenRunning: boolean): void {
    const notRunning = new Map<number, number>();
    eachRow(asked, (unit, attempt) => {
      const run = this.#runs.ofUnit(service, unit);
      if (run?.attempt === attempt) {
        if (evenRunning && run.stop === undefined) this.#cancel(run);
      } else if (this.staged.takeBack(stagedOf(service, unit, attempt), evenRunning)) {
        return;
      } else if (this.#promised.takeBack(service, unit, attempt)) {
        return;
      } else if (service.attempts.of(unit) < attempt) {
        service.attempts.set(unit, attempt);
        service.box.returned(unit, attempt, false, 'asked');
      } else {
        notRunning.set(unit, attempt);
      }
    });
    if (notRunning.size === 0 || this.#queue.size === 0) return;
    for (const [unit, attempt] of this.#queue.remove(service, notRunning)) {
      this.staged.dropWaiting(service, unit, attempt);
      service.box.returned(unit, attempt, false, 'asked');
    }
  }

  #cancel(run: Run): void {
    run.stop = 'cancel';
    this.#emit({ type: 'terminate', key: run.key });
  }

  #watch(service: ServiceWork, watch: Watch): void {
    const run = this.#runs.ofUnit(service, watch.unit);
    const isWaiting = (): boolean => this.#isWaiting(service, watch.unit);
    watchUnit(service, watch, { run, isWaiting }, this.#emit);
  }

  #isWaiting(service: ServiceWork, wanted: number): boolean {
    let found =
      service.staged.get(wanted)?.phase === 'staging' ||
      service.promised.some(({ unit }) => unit === wanted);
    this.#queue.each(service, (unit) => {
      found ||= unit === wanted;
    });
    return found;
  }
}
