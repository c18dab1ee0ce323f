/**
 * Decides about pilots. Pure: what has happened goes in, what is to be journalled and done comes out;
 * time is a number that the inputs carry. It submits nothing, speaks to nobody and knows no adaptor.
 */
import { unreachable } from '../model/assert.ts';
import { PilotError } from '../model/errors.ts';
import { isFinalPilotJobState } from '../model/pilot-job-state.ts';
import { endOf, nativeWords, whyRefused } from './pilot-conclusion.ts';
import type { PilotEvent, PilotInput, PilotStep } from './pilot-events.ts';
import { remind } from './pilot-orders.ts';
import {
  type AgentRecord,
  evolve,
  hasAgents,
  hasConnected,
  isExpected,
  isToEnd,
  type PilotRecord,
  presentAgents,
  saidOf,
} from './pilot-record.ts';
import { accepted, forgotten, giveUpCutOff, refused, reported } from './pilot-reports.ts';
import { PilotTurn } from './pilot-turn.ts';

/** The whole state as plain data, one part for each pilot. */
export type PilotDump = readonly (Omit<PilotRecord, 'agents'> & {
  readonly agents: readonly AgentRecord[];
})[];

type Of<T extends PilotInput['type']> = Extract<PilotInput, { readonly type: T }>;

/** The pilots of one service. */
export class PilotMachine {
  readonly #pilots = new Map<string, PilotRecord>();
  #turn = new PilotTurn(this.#pilots);

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
    this.#turn = new PilotTurn(this.#pilots);
    if (input.type === 'reopened') {
      for (const pilot of [...this.#pilots.values()]) this.#reopened(pilot, input.at);
    } else if (input.type === 'create') {
      this.#create(input);
    } else {
      const pilot = this.#pilots.get(input.pilot);
      if (pilot !== undefined) this.#decide(pilot, input);
      else if (input.type === 'agent-connected')
        this.#turn.refuse(input.agent, 'there is no such pilot');
    }
    return this.#turn;
  }

  #decide(pilot: PilotRecord, input: Exclude<PilotInput, Of<'reopened' | 'create'>>): void {
    switch (input.type) {
      case 'accepted':
        accepted(this.#turn, pilot, input);
        break;
      case 'refused':
        if (refused(this.#turn, pilot, input)) return;
        break;
      case 'native':
        reported(this.#turn, pilot, input);
        break;
      case 'native-forgotten':
        forgotten(this.#turn, pilot, input);
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
        this.#turn.end(pilot, { why: 'canceled', detail: 'canceled' }, input.at);
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
    this.#turn.conclude(pilot, input.at);
  }

  #create({ pilot, plan, at }: Of<'create'>): void {
    this.#turn.record({ type: 'pilot-created', pilot, plan, at });
    this.#turn.want({ type: 'submit', pilot, round: 1 });
  }

  #connected(pilot: PilotRecord, { agent, node, endsAt }: Of<'agent-connected'>): void {
    const refusal = whyRefused(pilot, agent);
    if (refusal !== undefined) {
      this.#turn.refuse(agent, refusal);
      return;
    }
    const end = endsAt === undefined ? {} : { endsAt };
    this.#turn.record({ type: 'agent-connected', pilot: pilot.id, agent, node, ...end });
    this.#turn.want({ type: 'agent-joined', agent });
    // Only of a native job that is known to run is a later return to the queue seen as one.
    if (pilot.native.phase === 'live' && pilot.native.report.state === 'Pending') {
      this.#turn.want({ type: 'watch-native', pilot: pilot.id });
    }
    if (isToEnd(pilot)) this.#turn.endAgent(pilot, agent);
  }

  #silent(pilot: PilotRecord, { agent, why, at }: Of<'agent-silent'>): void {
    if (pilot.agents.get(agent)?.at.link !== 'connected') return;
    this.#turn.record({ type: 'agent-silent', pilot: pilot.id, agent, why });
    this.#turn.want({ type: 'agent-silent', agent, why });
    this.#turn.want({ type: 'watch-native', pilot: pilot.id });
    this.#turn.want(remind.fence(pilot, pilot.agents.get(agent) as AgentRecord, at));
    giveUpCutOff(this.#turn, pilot, at);
    if (isToEnd(pilot) && !hasConnected(pilot)) this.#turn.cancelNative(pilot);
  }

  #bye(pilot: PilotRecord, word: Of<'agent-bye' | 'agent-killed'>): void {
    const { type, agent, at } = word;
    const link = pilot.agents.get(agent)?.at.link;
    if (link !== 'silent' && (link !== 'connected' || type === 'agent-killed')) return;
    const { how, detail, ...reason } = endOf(word);
    this.#turn.record({ type: 'agent-gone', pilot: pilot.id, agent, how, detail, ...reason });
    this.#turn.want({ type: 'agent-gone', agent, how, detail });
    this.#turn.want({ type: 'watch-native', pilot: pilot.id });
    if (hasAgents(pilot)) return;
    if (isToEnd(pilot)) this.#turn.cancelNative(pilot);
    else this.#turn.want(remind.grace(pilot, at));
  }

  #reinitialize(pilot: PilotRecord, { plan, at }: Of<'reinitialize'>): void {
    if (isFinalPilotJobState(pilot.state) || pilot.ending !== undefined) {
      const state = pilot.ending === undefined ? pilot.state : 'about to end';
      throw new PilotError('WRONG_STATE', `the pilot is ${state}`, {
        subject: pilot.id,
        hint: 'create another',
      });
    }
    this.#turn.end(pilot, { why: 'reinitialized', plan }, at);
  }

  #registrationDue(pilot: PilotRecord, { round, at }: Of<'registration-due'>): void {
    if (round !== pilot.round || pilot.ending !== undefined || presentAgents(pilot).length > 0)
      return;
    if (pilot.native.phase !== 'live') return;
    const seconds = pilot.plan.policy.registrationMs / 1000;
    const detail = `its agent has not registered within ${seconds} s; ${nativeWords(pilot)}`;
    this.#turn.end(pilot, { why: 'failed', detail }, at);
  }

  /**
   * After its lease an agent ends its units and itself, unless it is stopped. So the native job is ended
   * as well, and its end awaited if the resource manager tells of it, before others may have the units.
   */
  #fenceDue(pilot: PilotRecord, { agent, silence, certain, at }: Of<'fence-due'>): void {
    const known = pilot.agents.get(agent);
    if (known?.at.link !== 'silent' || known.silences !== silence) return;
    const isSaidOver = saidOf(pilot) !== undefined;
    const { native } = pilot;
    if (native.phase === 'live' && native.report.state === 'Suspended' && !isSaidOver) {
      this.#turn.want(remind.fence(pilot, known, at));
      return;
    }
    const detail = `out of touch for longer than its lease: ${known.at.why}`;
    const isProved = certain || isSaidOver || hasConnected(pilot);
    if (isProved) this.#turn.gone(pilot, known, 'lost', detail);
    else this.#turn.want(remind.certainty(pilot, known, at));
    if (isSaidOver) this.#turn.cancelNative(pilot);
    else if (!hasConnected(pilot)) this.#turn.end(pilot, { why: 'failed', detail }, at);
  }

  #graceDue(pilot: PilotRecord, { round }: Of<'grace-due'>): void {
    if (round !== pilot.round) return;
    // Where an agent has ended by itself, another of the same native job may have come since, or be
    // about to, when it is back in the queue.
    const isLeft = presentAgents(pilot).length > 0 && !hasAgents(pilot);
    if (isToEnd(pilot) || isLeft) this.#turn.cancelNative(pilot);
  }

  /** A crash may have eaten every effect of the journal's last events: asks for all of them again. */
  #reopened(pilot: PilotRecord, at: number): void {
    const { id, round, native } = pilot;
    if (native.phase === 'submitting') {
      this.#turn.want({ type: 'settle-submission', pilot: id, round });
    } else if (native.phase === 'live') this.#turn.want({ type: 'watch-native', pilot: id });
    // Also where the acceptance is not known yet: some agents are faster.
    this.#doubtAgents(pilot, at);
    if (native.phase === 'live') this.#resume(pilot, at);
    this.#turn.conclude(pilot, at);
  }

  #doubtAgents(pilot: PilotRecord, at: number): void {
    const silent = { type: 'agent-silent', pilot: pilot.id, why: 'the manager was away' } as const;
    for (const { id, at: where } of presentAgents(pilot)) {
      if (where.link === 'gone') continue;
      if (where.link === 'connected') this.#turn.record({ ...silent, agent: id });
      this.#turn.want(remind.fence(pilot, pilot.agents.get(id) as AgentRecord, at));
    }
  }

  #resume(pilot: PilotRecord, at: number): void {
    const registered = presentAgents(pilot).length > 0;
    if (isToEnd(pilot) || (registered && !hasAgents(pilot)))
      this.#turn.want(remind.grace(pilot, at));
    else if (!registered && isExpected(pilot)) this.#turn.want(remind.registration(pilot, at));
  }
}
