/** What one input to the pilot machine leads to, as it is put together: what every decision is made of. */
import { isFinalPilotJobState, type PilotJobState } from '../model/pilot-job-state.ts';
import { conclude, overrides } from './pilot-conclusion.ts';
import type { PilotEffect, PilotEnding, PilotEvent, PilotStep } from './pilot-events.ts';
import { endOrder, remind } from './pilot-orders.ts';
import {
  type AgentRecord,
  evolve,
  hasConnected,
  isConnected,
  type PilotRecord,
  presentAgents,
  saidOf,
} from './pilot-record.ts';
import type { AgentEnding } from './work-events.ts';

/** One step of the pilot machine; what is recorded has its effect on the pilots at once. */
export class PilotTurn implements PilotStep {
  readonly events: PilotEvent[] = [];
  readonly effects: PilotEffect[] = [];
  readonly #pilots: Map<string, PilotRecord>;

  constructor(pilots: Map<string, PilotRecord>) {
    this.#pilots = pilots;
  }

  record(event: PilotEvent): void {
    evolve(this.#pilots, event);
    this.events.push(event);
  }

  want(effect: PilotEffect): void {
    this.effects.push(effect);
  }

  /** Sets out to end a pilot; one that is ending already is ended for its first reason. */
  end(pilot: PilotRecord, ending: PilotEnding, at: number): void {
    if (isFinalPilotJobState(pilot.state)) return;
    if (pilot.ending !== undefined && !overrides(ending, pilot.ending)) return;
    const first = pilot.ending === undefined;
    this.record({ type: 'pilot-ending', pilot: pilot.id, ending });
    if (!first || pilot.native.phase !== 'live') return;
    const isStopped = pilot.native.report.state === 'Suspended';
    if (ending.why === 'failed' || isStopped || !hasConnected(pilot)) this.cancelNative(pilot);
    else this.endAgents(pilot, at);
  }

  /** Asks agents to end; when they have had their time, the resource manager. */
  endAgents(pilot: PilotRecord, at: number): void {
    for (const agent of presentAgents(pilot))
      if (isConnected(agent)) this.endAgent(pilot, agent.id);
    this.want(remind.grace(pilot, at));
  }

  endAgent(pilot: PilotRecord, agent: string): void {
    this.want({ type: 'end-agent', agent, ...endOrder(pilot) });
  }

  cancelNative(pilot: PilotRecord): void {
    const { id, native } = pilot;
    if (native.phase !== 'live') return;
    // What was said to be over is watched no more, until it is asked about again.
    if (saidOf(pilot) !== undefined) this.want({ type: 'watch-native', pilot: id });
    this.want({ type: 'cancel-native', pilot: id, nativeId: native.report.id });
  }

  gone({ id: pilot }: PilotRecord, agent: AgentRecord, how: AgentEnding, detail: string): void {
    if (agent.at.link === 'gone') return;
    this.record({ type: 'agent-gone', pilot, agent: agent.id, how, detail });
    this.want({ type: 'agent-gone', agent: agent.id, how, detail });
  }

  refuse(agent: string, why: string): void {
    this.want({ type: 'refuse-agent', agent, why });
  }

  conclude(pilot: PilotRecord, at: number): void {
    const { state, detail } = conclude(pilot);
    if (state !== pilot.state || detail !== pilot.detail) this.move(pilot, state, detail, at);
  }

  move({ id: pilot }: PilotRecord, state: PilotJobState, detail: string, at: number): void {
    this.record({ type: 'pilot-moved', pilot, state, detail, at });
  }
}
