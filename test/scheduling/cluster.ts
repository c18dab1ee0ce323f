/**
 * The real manager, schedulers and agents' minds over simulated time: nothing is ever lost, and only
 * the quality of decisions is looked at. What a run leaves undone or counts wrongly throws.
 */
import { Intake } from '../../packages/core/src/manager/intake.ts';
import { STATE } from '../../packages/core/src/manager/state-numbers.ts';
import { TemplateIndex } from '../../packages/core/src/manager/template-index.ts';
import type { WorkEffect, WorkInput } from '../../packages/core/src/manager/work-events.ts';
import { WorkManager } from '../../packages/core/src/manager/work-manager.ts';
import type { AgentMessage, ManagerMessage } from '../../packages/core/src/protocol/messages.ts';
import type { Scheduler } from '../../packages/core/src/scheduler/scheduler.ts';
import { type SchedulerName, schedulerOf } from '../../packages/core/src/scheduler/schedulers.ts';
import { Agenda } from './agenda.ts';
import { QuietAgent } from './agent.ts';
import { IdleWatch } from './idle-watch.ts';
import { lowerBound } from './lower-bound.ts';
import type { Portion, Unit } from './unit.ts';

/** From the manager to an agent or back, the commit of the journal included. */
const LATENCY_MS = 1;
const CHANNEL = 1;
const SERVICE = 'work';

export interface Outcome {
  readonly makespanMs: number;
  /** What no scheduler can be faster than. */
  readonly boundMs: number;
  readonly ratio: number;
  /** How long cores were free, in core-milliseconds, while a unit that fits sat at another agent. */
  readonly strandedMs: number;
  /** The longest that this was so of one agent without a break. */
  readonly longestStrandedMs: number;
  readonly recalls: number;
  /** When each unit started and ended last, by its number. */
  readonly startedAt: readonly number[];
}

/** Runs work that is submitted in portions on agents of so many cores each, to its end. */
export function runCluster(
  scheduler: Scheduler | SchedulerName,
  agents: readonly number[],
  portions: readonly Portion[],
): Outcome {
  return new Cluster(scheduler, agents).run(portions);
}

class Cluster {
  readonly #agenda = new Agenda();
  readonly #manager: WorkManager;
  readonly #index: TemplateIndex;
  readonly #agents: readonly QuietAgent[];
  readonly #units: Unit[] = [];
  readonly #startedAt: number[] = [];
  readonly #idle: IdleWatch;
  /** How many units there will be. */
  #expected = 0;
  #recalls = 0;

  constructor(scheduler: Scheduler | SchedulerName, agents: readonly number[]) {
    this.#manager = new WorkManager(schedulerOf(scheduler));
    this.#index = new TemplateIndex(this.#manager.state);
    this.#agents = agents.map((cores, i) => {
      const id = `a${i}`;
      return new QuietAgent({
        id,
        cores,
        agenda: this.#agenda,
        runMs: (unit) => this.#start(unit),
        coresOf: (unit) => this.#unit(unit).cores,
        send: (message) => this.#agenda.after(LATENCY_MS, () => this.#hear(id, message)),
      });
    });
    this.#idle = new IdleWatch(this.#agents);
  }

  run(portions: readonly Portion[]): Outcome {
    const agenda = this.#agenda;
    for (const { id, cores } of this.#agents) {
      this.#tell(id, { type: 'attach', channel: CHANNEL, service: SERVICE });
      const place = { agentId: id, pilotId: id, node: { ...NODE, host: id, cores } };
      const now = agenda.now;
      this.#handle({ type: 'agent-joined', now, place, endsAt: undefined, held: undefined });
    }
    for (const { atMs, units } of portions) {
      this.#expected += units.length;
      agenda.after(atMs, () => this.#submit(units));
    }
    for (let due = agenda.next(); due !== undefined; due = agenda.next()) {
      this.#idle.passed(due.at - agenda.now);
      agenda.now = due.at;
      due.call();
      if (this.#isOver) break;
    }
    const makespanMs = agenda.now;
    if (!this.#isOver) throw new Error(`stuck with ${this.#manager.state.units.counts}`);
    const boundMs = lowerBound(
      portions,
      this.#agents.map(({ cores }) => cores),
    );
    return {
      makespanMs,
      boundMs,
      ratio: makespanMs / boundMs,
      strandedMs: this.#idle.strandedMs,
      longestStrandedMs: this.#idle.longestStrandedMs,
      recalls: this.#recalls,
      startedAt: this.#startedAt,
    };
  }

  get #isOver(): boolean {
    const { size, counts } = this.#manager.state.units;
    return size === this.#expected && counts[STATE.Done] === size;
  }

  #unit(unit: number): Unit {
    return this.#units[unit] as Unit;
  }

  #start(unit: number): number {
    this.#startedAt[unit] = this.#agenda.now;
    return this.#unit(unit).runMs;
  }

  #submit(units: readonly Unit[]): void {
    const intake = new Intake(this.#index, this.#manager.state, SERVICE);
    for (const unit of units) {
      const { cores, estimateMs, priority, after } = unit;
      intake.add({
        executable: 'true',
        name: `u${this.#units.push(unit) - 1}`,
        totalCpuCount: cores,
        ...(estimateMs !== undefined && { estimatedRunTime: estimateMs / 1000 }),
        ...(priority !== undefined && { priority }),
        ...(after && { dependsOn: after.map((other) => `u${other}`) }),
      });
    }
    this.#handle({ type: 'submit', now: this.#agenda.now, submission: intake.finish() });
  }

  #hear(agentId: string, message: AgentMessage): void {
    if (message.type !== 'report') return;
    this.#handle({ ...message, now: this.#agenda.now, agentId });
  }

  #handle(input: WorkInput): void {
    for (const effect of this.#manager.handle(input).effects) this.#perform(effect);
  }

  #perform(effect: WorkEffect): void {
    const agenda = this.#agenda;
    if (effect.type === 'wake') {
      const wait = Math.max(0, effect.at - agenda.now);
      agenda.after(wait, () => this.#handle({ type: 'time', now: agenda.now }));
      return;
    }
    const { agentId, ...rest } = effect;
    if (rest.type === 'recall') this.#recalls += rest.units.length;
    if (rest.type !== 'start') {
      this.#tell(agentId, { ...rest, channel: CHANNEL });
      return;
    }
    const { templates, runs } = rest;
    this.#tell(agentId, { type: 'templates', channel: CHANNEL, templates });
    this.#tell(agentId, { type: 'start', channel: CHANNEL, runs });
  }

  #tell(agentId: string, message: ManagerMessage): void {
    const agent = this.#agents.find(({ id }) => id === agentId);
    this.#agenda.after(LATENCY_MS, () => agent?.receive(message));
  }
}

const NODE = {
  memory: 2 ** 40,
  gpus: 0,
  resources: {},
  cpuArchitecture: 'x64',
  operatingSystemType: 'linux',
  nodeVersion: '',
  pstarVersion: '',
  launcher: 'null',
} as const;
