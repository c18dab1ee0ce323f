/**
 * Decides about pilots. Pure: what has happened goes in, what is to be journalled and done comes out;
 * time is a number that the inputs carry. It submits nothing, speaks to nobody and knows no adaptor.
 */
import { unreachable } from '../model/assert.ts';
import { PilotError } from '../model/errors.ts';
import { isFinalPilotJobState, type PilotJobState } from '../model/pilot-job-state.ts';
import { conclude, endOf, nativeWords, overrides, whyRefused } from './pilot-conclusion.ts';
import type { PilotEffect, PilotEnding, PilotEvent, PilotInput } from './pilot-events.ts';
import {
  type AgentRecord,
  cutOff,
  evolve,
  hasAgents,
  hasConnected,
  isDeserted,
  isExpected,
  isHalted,
  isRequeued,
  type PilotRecord,
  presentAgents,
  sameWords,
} from './pilot-record.ts';
import type { AgentEnding } from './work-events.ts';

/** What one input led to, in order. */
export interface PilotStep {
  readonly events: readonly PilotEvent[];
  readonly effects: readonly PilotEffect[];
}

/** The whole state as plain data, one part for each pilot. */
export type PilotDump = readonly (Omit<PilotRecord, 'agents'> & {
  readonly agents: readonly AgentRecord[];
})[];

type Of<T extends PilotInput['type']> = Extract<PilotInput, { readonly type: T }>;

/** How long a resource manager may take to end a native job before the agent's lease is proof enough. */
const CERTAIN_MS = 60_000;

/** The pilots of one service. */
export class PilotMachine {
  readonly #pilots = new Map<string, PilotRecord>();
  #events: PilotEvent[] = [];
  #effects: PilotEffect[] = [];

  /** What a journal has kept: a snapshot's {@link dump}, and the events since. */
  static replay(
    events: Iterable<PilotEvent>,
    dump: Iterable<PilotDump[number]> = [],
  ): PilotMachine {
    const machine = new PilotMachine();
    for (const { agents, ...rest } of dump) {
      const byId = new Map(agents.map((agent) => [agent.id, agent]));
      machine.#pilots.set(rest.id, { ...rest, agents: byId });
    }
    for (const event of events) evolve(machine.#pilots, event);
    return machine;
  }

  /** In order of creation. */
  get pilots(): ReadonlyMap<string, Readonly<PilotRecord>> {
    return this.#pilots;
  }

  dump(): PilotDump {
    return [...this.#pilots.values()].map(({ agents, ...rest }) => ({
      ...rest,
      agents: [...agents.values()],
    }));
  }

  /** @throws PilotError `WRONG_STATE`: a pilot that is over is not reinitialized. */
  handle(input: PilotInput): PilotStep {
    this.#events = [];
    this.#effects = [];
    if (input.type === 'reopened') {
      for (const pilot of [...this.#pilots.values()]) this.#reopened(pilot, input.at);
    } else if (input.type === 'create') {
      this.#create(input);
    } else {
      const pilot = this.#pilots.get(input.pilot);
      if (pilot !== undefined) this.#decide(pilot, input);
      else if (input.type === 'agent-connected')
        this.#refuse(input.agent, 'there is no such pilot');
    }
    return { events: this.#events, effects: this.#effects };
  }

  #decide(pilot: PilotRecord, input: Exclude<PilotInput, Of<'reopened' | 'create'>>): void {
    switch (input.type) {
      case 'accepted':
        this.#accepted(pilot, input);
        break;
      case 'refused':
        if (this.#refused(pilot, input)) return;
        break;
      case 'native':
        this.#native(pilot, input);
        break;
      case 'native-forgotten':
        this.#forgotten(pilot, input);
        break;
      case 'agent-connected':
        this.#connected(pilot, input);
        break;
      case 'agent-silent':
        this.#silent(pilot, input);
        break;
      case 'agent-bye':
      case 'agent-killed':
        this.#bye(pilot, input);
        break;
      case 'cancel':
        this.#end(pilot, { why: 'canceled', detail: 'canceled' }, input.at);
        break;
      case 'reinitialize':
        this.#reinitialize(pilot, input);
        break;
      case 'registration-due':
        this.#registrationDue(pilot, input);
        break;
      case 'grace-due':
        this.#graceDue(pilot, input);
        break;
      case 'fence-due':
        this.#fenceDue(pilot, input);
        break;
      default:
        unreachable(input);
    }
    this.#conclude(pilot, input.at);
  }

  #create({ pilot, plan, at }: Of<'create'>): void {
    this.#record({ type: 'pilot-created', pilot, plan, at });
    this.#effects.push({ type: 'submit', pilot, round: 1 });
  }

  #accepted(pilot: PilotRecord, { round, nativeId, at }: Of<'accepted'>): void {
    if (round !== pilot.round || pilot.native.phase !== 'submitting') return;
    this.#record({ type: 'pilot-accepted', pilot: pilot.id, nativeId });
    // An agent may have been faster than its acceptance, and nothing leads from New to Running.
    if (pilot.state === 'New') this.#move(pilot, 'Pending', nativeWords(pilot), at);
    this.#effects.push({ type: 'watch-native', pilot: pilot.id });
    if (pilot.ending !== undefined) this.#cancelNative(pilot);
    else if (pilot.plan.policy.registersFrom === 'acceptance') this.#awaitRegistration(pilot, at);
  }

  /** Whether nothing of the pilot is left. */
  #refused(pilot: PilotRecord, { round, problem }: Of<'refused'>): boolean {
    if (round !== pilot.round || pilot.native.phase !== 'submitting') return false;
    if (round === 1) {
      this.#record({ type: 'pilot-forgotten', pilot: pilot.id, problem });
      return true;
    }
    const report = { id: '', state: 'Failed', detail: problem } as const;
    this.#record({ type: 'native-reported', pilot: pilot.id, report });
    const ending = { why: 'failed', detail: problem } as const;
    if (pilot.ending === undefined) this.#record({ type: 'pilot-ending', pilot: pilot.id, ending });
    return false;
  }

  #native(pilot: PilotRecord, { report, at }: Of<'native'>): void {
    const { native } = pilot;
    if (native.phase !== 'live' || native.report.id !== report.id) return;
    const before = native.report;
    if (sameWords(before, report)) return;
    if (isRequeued(before, report)) {
      // A connected agent knows better; and if it is true, it will be said again.
      if (hasConnected(pilot)) return;
      // It will start again with other agents: of its earlier ones none runs any more.
      const words = `${pilot.plan.type}: ${report.detail}`;
      for (const agent of presentAgents(pilot)) this.#gone(pilot, agent, 'vanished', words);
    }
    this.#record({ type: 'native-reported', pilot: pilot.id, report });
    if (report.state === 'Running' && before.state !== 'Running') {
      if (pilot.plan.policy.registersFrom === 'running') this.#awaitRegistration(pilot, at);
    }
    this.#cutOff(pilot, at);
    if (pilot.native.phase === 'over') this.#nativeOver(pilot, at);
    else if (isHalted(report) && pilot.ending !== undefined) this.#cancelNative(pilot);
  }

  /** A resource manager's memory is shorter than agents live: while one may be there, it counts. */
  #forgotten(pilot: PilotRecord, { nativeId, at }: Of<'native-forgotten'>): void {
    const { native } = pilot;
    if (native.phase !== 'live' || native.report.id !== nativeId || hasAgents(pilot)) return;
    if (native.report.state !== 'Unknown') return;
    const detail = `forgotten by ${pilot.plan.type}: ${native.report.detail}`;
    const report = { id: nativeId, state: 'Failed', detail } as const;
    this.#record({ type: 'native-reported', pilot: pilot.id, report });
    this.#effects.push({ type: 'unwatch-native', pilot: pilot.id, nativeId });
    this.#nativeOver(pilot, at);
  }

  /** With the native job all of its agents are over, whatever they did or did not say. */
  #nativeOver(pilot: PilotRecord, at: number): void {
    const { report } = pilot.native as Extract<PilotRecord['native'], { phase: 'over' }>;
    const hasFailed = report.state === 'Failed' && pilot.ending?.why !== 'canceled';
    const how = hasFailed ? 'lost' : 'vanished';
    for (const agent of presentAgents(pilot)) this.#gone(pilot, agent, how, nativeWords(pilot));
    if (pilot.ending?.why !== 'reinitialized') return;
    this.#record({ type: 'pilot-restarted', pilot: pilot.id, plan: pilot.ending.plan });
    this.#conclude(pilot, at);
    this.#effects.push({ type: 'submit', pilot: pilot.id, round: pilot.round });
  }

  #connected(pilot: PilotRecord, { agent, node, endsAt }: Of<'agent-connected'>): void {
    const refusal = whyRefused(pilot, agent);
    if (refusal !== undefined) {
      this.#refuse(agent, refusal);
      return;
    }
    const end = endsAt === undefined ? {} : { endsAt };
    this.#record({ type: 'agent-connected', pilot: pilot.id, agent, node, ...end });
    this.#effects.push({ type: 'agent-joined', agent });
    // Only of a native job that is known to run is a later return to the queue seen as one.
    if (pilot.native.phase === 'live' && pilot.native.report.state === 'Pending') {
      this.#effects.push({ type: 'watch-native', pilot: pilot.id });
    }
    if (pilot.ending !== undefined) this.#endAgent(pilot, agent);
  }

  #silent(pilot: PilotRecord, { agent, why, at }: Of<'agent-silent'>): void {
    if (pilot.agents.get(agent)?.at.link !== 'connected') return;
    this.#record({ type: 'agent-silent', pilot: pilot.id, agent, why });
    this.#effects.push({ type: 'agent-silent', agent, why });
    this.#effects.push({ type: 'watch-native', pilot: pilot.id });
    this.#awaitFence(pilot, pilot.agents.get(agent) as AgentRecord, at);
    this.#cutOff(pilot, at);
    if (pilot.ending !== undefined && !hasConnected(pilot)) this.#cancelNative(pilot);
  }

  /** A node may be lost that the native job goes on without. */
  #cutOff(pilot: PilotRecord, at: number): void {
    const lost = cutOff(pilot);
    const detail = `its node was lost; ${nativeWords(pilot)}`;
    for (const agent of lost) this.#gone(pilot, agent, 'lost', detail);
    if (lost.length > 0 && isDeserted(pilot)) this.#end(pilot, { why: 'failed', detail }, at);
  }

  #bye(pilot: PilotRecord, word: Of<'agent-bye' | 'agent-killed'>): void {
    const { type, agent, at } = word;
    const link = pilot.agents.get(agent)?.at.link;
    if (link !== 'silent' && (link !== 'connected' || type === 'agent-killed')) return;
    const { how, detail, ...reason } = endOf(word);
    this.#record({ type: 'agent-gone', pilot: pilot.id, agent, how, detail, ...reason });
    this.#effects.push({ type: 'agent-gone', agent, how, detail });
    this.#effects.push({ type: 'watch-native', pilot: pilot.id });
    if (hasAgents(pilot)) return;
    if (pilot.ending !== undefined) this.#cancelNative(pilot);
    else this.#awaitGrace(pilot, at);
  }

  #reinitialize(pilot: PilotRecord, { plan, at }: Of<'reinitialize'>): void {
    if (isFinalPilotJobState(pilot.state) || pilot.ending !== undefined) {
      const state = pilot.ending === undefined ? pilot.state : 'about to end';
      throw new PilotError('WRONG_STATE', `the pilot is ${state}`, {
        subject: pilot.id,
        hint: 'create another',
      });
    }
    this.#end(pilot, { why: 'reinitialized', plan }, at);
  }

  #registrationDue(pilot: PilotRecord, { round, at }: Of<'registration-due'>): void {
    if (round !== pilot.round || pilot.ending !== undefined || presentAgents(pilot).length > 0)
      return;
    if (pilot.native.phase !== 'live') return;
    const seconds = pilot.plan.policy.registrationMs / 1000;
    const detail = `its agent has not registered within ${seconds} s; ${nativeWords(pilot)}`;
    this.#end(pilot, { why: 'failed', detail }, at);
  }

  /**
   * After its lease an agent ends its units and itself, unless it is stopped. So the native job is ended
   * as well, and its end awaited if the resource manager tells of it, before others may have the units.
   */
  #fenceDue(pilot: PilotRecord, { agent, silence, certain, at }: Of<'fence-due'>): void {
    const known = pilot.agents.get(agent);
    if (known?.at.link !== 'silent' || known.silences !== silence) return;
    if (pilot.native.phase === 'live' && pilot.native.report.state === 'Suspended') {
      this.#awaitFence(pilot, known, at);
      return;
    }
    const detail = `out of touch for longer than its lease: ${known.at.why}`;
    if (certain || hasConnected(pilot)) this.#gone(pilot, known, 'lost', detail);
    else this.#awaitFence(pilot, known, at, CERTAIN_MS);
    if (!hasConnected(pilot)) this.#end(pilot, { why: 'failed', detail }, at);
  }

  #graceDue(pilot: PilotRecord, { round }: Of<'grace-due'>): void {
    if (round !== pilot.round) return;
    // Where an agent has ended by itself, another of the same native job may have come since, or be
    // about to, when it is back in the queue.
    const isLeft = presentAgents(pilot).length > 0 && !hasAgents(pilot);
    if (pilot.ending !== undefined || isLeft) this.#cancelNative(pilot);
  }

  /** A crash may have eaten every effect of the journal's last events: asks for all of them again. */
  #reopened(pilot: PilotRecord, at: number): void {
    const { id, round, native } = pilot;
    if (native.phase === 'submitting') {
      this.#effects.push({ type: 'settle-submission', pilot: id, round });
    } else if (native.phase === 'live') this.#effects.push({ type: 'watch-native', pilot: id });
    // Also where the acceptance is not known yet: some agents are faster.
    this.#doubtAgents(pilot, at);
    if (native.phase === 'live') this.#resume(pilot, at);
    this.#conclude(pilot, at);
  }

  #doubtAgents(pilot: PilotRecord, at: number): void {
    const silent = { type: 'agent-silent', pilot: pilot.id, why: 'the manager was away' } as const;
    for (const { id, at: where } of presentAgents(pilot)) {
      if (where.link === 'gone') continue;
      if (where.link === 'connected') this.#record({ ...silent, agent: id });
      this.#awaitFence(pilot, pilot.agents.get(id) as AgentRecord, at);
    }
  }

  #resume(pilot: PilotRecord, at: number): void {
    const registered = presentAgents(pilot).length > 0;
    if (pilot.ending !== undefined || (registered && !hasAgents(pilot)))
      this.#awaitGrace(pilot, at);
    else if (!registered && isExpected(pilot)) this.#awaitRegistration(pilot, at);
  }

  /** Sets out to end the pilot; a pilot that is ending already is ended for its first reason. */
  #end(pilot: PilotRecord, ending: PilotEnding, at: number): void {
    if (isFinalPilotJobState(pilot.state)) return;
    if (pilot.ending !== undefined && !overrides(ending, pilot.ending)) return;
    const first = pilot.ending === undefined;
    this.#record({ type: 'pilot-ending', pilot: pilot.id, ending });
    if (!first || pilot.native.phase !== 'live') return;
    const isStopped = pilot.native.report.state === 'Suspended';
    if (ending.why === 'failed' || isStopped || !hasConnected(pilot)) {
      this.#cancelNative(pilot);
      return;
    }
    for (const agent of presentAgents(pilot)) {
      if (agent.at.link === 'connected') this.#endAgent(pilot, agent.id);
    }
    this.#awaitGrace(pilot, at);
  }

  #endAgent({ ending, plan }: PilotRecord, agent: string): void {
    const why =
      ending?.why === 'reinitialized' ? 'its pilot is reinitialized' : 'its pilot is canceled';
    this.#effects.push({ type: 'end-agent', agent, graceMs: plan.policy.graceMs, why });
  }

  #cancelNative({ id, native }: PilotRecord): void {
    if (native.phase !== 'live') return;
    this.#effects.push({ type: 'cancel-native', pilot: id, nativeId: native.report.id });
  }

  #gone(pilot: PilotRecord, agent: AgentRecord, how: AgentEnding, detail: string): void {
    if (agent.at.link === 'gone') return;
    this.#record({ type: 'agent-gone', pilot: pilot.id, agent: agent.id, how, detail });
    this.#effects.push({ type: 'agent-gone', agent: agent.id, how, detail });
  }

  #refuse(agent: string, why: string): void {
    this.#effects.push({ type: 'refuse-agent', agent, why });
  }

  #awaitRegistration({ id: pilot, round, plan }: PilotRecord, at: number): void {
    const input = { type: 'registration-due', pilot, round, at } as const;
    this.#effects.push({ type: 'remind', ms: plan.policy.registrationMs, input });
  }

  #awaitGrace({ id: pilot, round, plan }: PilotRecord, at: number): void {
    const input = { type: 'grace-due', pilot, round, at } as const;
    this.#effects.push({ type: 'remind', ms: plan.policy.patienceMs, input });
  }

  #awaitFence(pilot: PilotRecord, agent: AgentRecord, at: number, certainMs?: number): void {
    const { id, silences: silence } = agent;
    const certain = certainMs !== undefined;
    const input = { type: 'fence-due', pilot: pilot.id, agent: id, silence, certain, at } as const;
    const ms = certainMs ?? pilot.plan.policy.fenceMs;
    this.#effects.push({ type: 'remind', ms, input });
  }

  #conclude(pilot: PilotRecord, at: number): void {
    const { state, detail } = conclude(pilot);
    if (state !== pilot.state || detail !== pilot.detail) this.#move(pilot, state, detail, at);
  }

  #move(pilot: PilotRecord, state: PilotJobState, detail: string, at: number): void {
    this.#record({ type: 'pilot-moved', pilot: pilot.id, state, detail, at });
  }

  #record(event: PilotEvent): void {
    evolve(this.#pilots, event);
    this.#events.push(event);
  }
}
