/**
 * A manager with model agents around it, and a delay between what it decides and what is done.
 *
 * It knows which attempts really run, by the agents' own record, so that the manager's word can be
 * compared with the truth.
 */
import { expect } from 'vitest';
import type { WorkEffect, WorkInput, WorkStep } from '../../src/manager/work-events.ts';
import { PilotError } from '../../src/model/errors.ts';
import type { WorkUnitDescription } from '../../src/model/work-unit-description.ts';
import { isFinalWorkUnitState, type WorkUnitState } from '../../src/model/work-unit-state.ts';
import type { SchedulerName } from '../../src/scheduler/schedulers.ts';
import { ModelAgent, type Outcome } from './model-agent.ts';
import { NODE, WorkWorld } from './work-world.ts';

type ReportInput = WorkInput & { readonly type: 'report' };

export class ModelCluster {
  readonly world: WorkWorld;
  /** Those whose processes live. */
  agents: ModelAgent[] = [];
  /** All reports that were ever heard, to be heard again. */
  readonly heard: ReportInput[] = [];
  /** Decided and not yet done: in life the journal is between. */
  #effects: WorkEffect[] = [];
  #joined = 0;
  readonly #ends = new Map<string, number>();

  constructor(scheduler: SchedulerName) {
    this.world = new WorkWorld(scheduler, 4);
  }

  /** Whether it was taken; circles are refused. */
  submit(descriptions: readonly Partial<WorkUnitDescription>[]): boolean {
    try {
      this.#take(this.world.submit(...descriptions));
      return true;
    } catch (error) {
      if (!(error instanceof PilotError)) throw error;
      this.world.check();
      return false;
    }
  }

  handle(input: WorkInput): void {
    this.#take(this.world.handle(input));
  }

  join(cores: number, lastsMs?: number): void {
    const coresOf = (unit: number) => this.world.state.template(unit).requests.request.cores;
    const agent = new ModelAgent(`p${this.#joined++}`, cores, coresOf);
    if (lastsMs !== undefined) this.#ends.set(agent.id, this.world.now + lastsMs);
    this.agents.push(agent);
    this.#tellJoined(agent, false);
  }

  /** Does what was decided, as far as there are links for it. */
  perform(count = Number.POSITIVE_INFINITY): void {
    for (const effect of this.#effects.splice(0, count)) {
      if (effect.type === 'wake') continue;
      this.agents.find(({ id }) => id === effect.agentId)?.take(effect);
    }
    this.#checkAttempts();
  }

  start(agent: ModelAgent): boolean {
    const started = agent.start(this.world.now);
    this.#checkAttempts();
    return started;
  }

  end(agent: ModelAgent, unit: number, outcome: Outcome): void {
    agent.end(unit, outcome, this.world.now);
  }

  report(agent: ModelAgent): boolean {
    if (!agent.connected) return false;
    const reports = agent.takeReports();
    for (const report of reports) {
      const input = { type: 'report', now: this.world.now, agentId: agent.id, ...report } as const;
      this.heard.push(input);
      this.handle(input);
    }
    return reports.length > 0;
  }

  silence(agent: ModelAgent): void {
    agent.connected = false;
    this.handle({ type: 'agent-silent', now: this.world.now, agentId: agent.id, why: 'no pulse' });
  }

  rejoin(agent: ModelAgent): void {
    if (agent.connected) return;
    agent.reconnect();
    this.#tellJoined(agent, true);
  }

  /** The agent's processes are gone before anybody is told. */
  lose(agent: ModelAgent): void {
    this.#leave(agent, 'lost');
  }

  /** The agent hands back what it has, and ends when all of it was heard. */
  evict(agent: ModelAgent): void {
    this.rejoin(agent);
    agent.evict();
    this.report(agent);
    this.perform();
    this.report(agent);
    this.#leave(agent, 'ended');
  }

  /** Everybody serves honestly until nothing moves any more. */
  serve(): void {
    for (let idle = 0; idle < 12; idle++) {
      for (const agent of this.agents) this.rejoin(agent);
      this.perform();
      for (const agent of this.agents) {
        if (this.start(agent)) idle = 0;
        for (const unit of [...agent.running.keys()]) this.end(agent, unit, { exitCode: 0 });
        if (this.report(agent)) idle = 0;
      }
      this.world.now += 10_000;
      this.handle({ type: 'time', now: this.world.now });
    }
  }

  #tellJoined(agent: ModelAgent, again: boolean): void {
    this.handle({
      type: 'agent-joined',
      now: this.world.now,
      place: { agentId: agent.id, pilotId: agent.id, node: { ...NODE, cores: agent.cores } },
      endsAt: this.#ends.get(agent.id),
      held: again ? agent.held() : undefined,
    });
  }

  #leave(agent: ModelAgent, how: 'lost' | 'ended'): void {
    this.agents = this.agents.filter((other) => other !== agent);
    const { now } = this.world;
    this.handle({ type: 'agent-gone', now, agentId: agent.id, how, detail: 'test' });
  }

  #take(step: WorkStep): void {
    this.#effects.push(...step.effects);
  }

  /** Two attempts of a unit never run at once, and what is over does not run. */
  #checkAttempts(): void {
    const running = new Set<number>();
    for (const agent of this.agents) {
      for (const unit of agent.running.keys()) {
        expect(running.has(unit), `unit ${unit} runs twice`).toBe(false);
        running.add(unit);
        const state = this.world.stateOf(unit) as WorkUnitState;
        expect(isFinalWorkUnitState(state), `unit ${unit} is ${state} and runs`).toBe(false);
      }
    }
  }
}
