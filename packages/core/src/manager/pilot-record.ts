/** What is known of one pilot, and the only code that changes it. */
import { assert, unreachable } from '../model/assert.ts';
import { isFinalPilotJobState, mayMove, type PilotJobState } from '../model/pilot-job-state.ts';
import type { NodeInfo } from '../model/resources.ts';
import type { EndReason } from '../protocol/messages.ts';
import type { NativeReport, PilotEnding, PilotEvent, PilotPlan } from './pilot-events.ts';
import type { AgentEnding } from './work-events.ts';

/**
 * Where the present native job is; its id is known exactly once it was accepted. What was `said` is that
 * it is over, while an agent of it was there.
 */
export type NativeJob =
  | { readonly phase: 'submitting' }
  | { readonly phase: 'live'; readonly report: NativeReport; readonly said?: NativeReport }
  | { readonly phase: 'over'; readonly report: NativeReport; readonly said?: NativeReport };

/** How an agent is reached, and what became of it. */
export type AgentLink =
  | { readonly link: 'connected' }
  | { readonly link: 'silent'; readonly why: string }
  | {
      readonly link: 'gone';
      readonly how: AgentEnding;
      readonly detail: string;
      readonly reason?: EndReason;
    };

/** An agent that has registered. */
export interface AgentRecord {
  readonly id: string;
  /** The round of its pilot that it belongs to. */
  readonly round: number;
  readonly node: NodeInfo;
  readonly endsAt: number | undefined;
  readonly at: AgentLink;
  /** How often its link was lost, so that a reminder of an earlier time is known as such. */
  readonly silences: number;
  /** Its native job has gone back into the queue since. */
  readonly requeued?: true;
}

/** One pilot; whoever is not in this file only reads it. */
export interface PilotRecord {
  readonly id: string;
  readonly createdAt: number;
  plan: PilotPlan;
  /** 1, and one more with each reinitialization. */
  round: number;
  state: PilotJobState;
  detail: string;
  native: NativeJob;
  ending: PilotEnding | undefined;
  /** Of all rounds, in order of registration; those that are gone come last, in the order in which they left. */
  readonly agents: Map<string, AgentRecord>;
}

/** Whether the resource manager has said that nothing of it runs any more. */
function isNativeOver({ native }: PilotRecord): boolean {
  return native.phase === 'over';
}

/** Whether nothing of it runs any more, as far as anybody can know. */
export function isPilotOver(pilot: PilotRecord): boolean {
  return isFinalPilotJobState(pilot.state) && isNativeOver(pilot);
}

/** The agents of the present round, and of its native job's present start. */
export function presentAgents({ agents, round }: PilotRecord): AgentRecord[] {
  return [...agents.values()].filter((agent) => agent.round === round && !agent.requeued);
}

/** Present agents that are out of touch, on nodes that the native job no longer has. */
export function cutOff(pilot: PilotRecord): AgentRecord[] {
  const { nodes } = pilot.native.phase === 'live' ? pilot.native.report : {};
  if (nodes === undefined) return [];
  return presentAgents(pilot).filter(
    ({ at, node }) => at.link === 'silent' && !nodes.includes(node.host),
  );
}

/** Whether all of its agents are gone, and its native job has no other node from which one may still come. */
export function isDeserted(pilot: PilotRecord): boolean {
  const { nodes } = pilot.native.phase === 'live' ? pilot.native.report : {};
  const known = new Set(presentAgents(pilot).map(({ node }) => node.host));
  return known.size > 0 && !hasAgents(pilot) && nodes?.every((node) => known.has(node)) === true;
}

/** Whether two reports tell the same. */
export function sameWords(a: NativeReport, b: NativeReport): boolean {
  const same = a.state === b.state && a.detail === b.detail && a.hint === b.hint;
  return same && a.nodes?.join() === b.nodes?.join();
}

/** Whether a present agent has a link. */
export function hasConnected(pilot: PilotRecord): boolean {
  return presentAgents(pilot).some(isConnected);
}

/** Whether an agent has a link. */
export function isConnected({ at }: AgentRecord): boolean {
  return at.link === 'connected';
}

/** What the resource manager has said of its end while an agent of it was there, if it has. */
export function saidOf({ native }: PilotRecord): NativeReport | undefined {
  return native.phase === 'submitting' ? undefined : native.said;
}

/**
 * Whether its agents speak against its native job being over: one has a link, or may come back of those
 * that had one when that was said.
 */
export function isContradicted(pilot: PilotRecord): boolean {
  return saidOf(pilot) === undefined ? hasConnected(pilot) : hasAgents(pilot);
}

/** Whether its agents are to end. */
export function isToEnd(pilot: PilotRecord): boolean {
  return pilot.ending !== undefined || saidOf(pilot) !== undefined;
}

/** Whether one is there, or may come back. */
export function hasAgents(pilot: PilotRecord): boolean {
  return presentAgents(pilot).some(({ at }) => at.link !== 'gone');
}

/** Whether its native job has come far enough for its first agent to report. */
export function isExpected({ native, plan }: PilotRecord): boolean {
  if (native.phase !== 'live') return false;
  return plan.policy.registersFrom === 'acceptance' || native.report.state === 'Running';
}

/** Applies what has happened. Live and in a replay, the same code. */
export function evolve(pilots: Map<string, PilotRecord>, event: PilotEvent): void {
  if (event.type === 'pilot-created') {
    assert(!pilots.has(event.pilot), `${event.pilot} is created twice`);
    pilots.set(event.pilot, created(event));
    return;
  }
  const pilot = pilots.get(event.pilot);
  assert(pilot !== undefined, `${event.type} for ${event.pilot}, which is not there`);
  switch (event.type) {
    case 'pilot-accepted':
      pilot.native = { phase: 'live', report: accepted(event.nativeId) };
      return;
    case 'pilot-forgotten':
      pilots.delete(event.pilot);
      return;
    case 'native-reported':
      if (pilot.native.phase === 'live' && isRequeued(pilot.native.report, event.report)) {
        for (const agent of presentAgents(pilot)) {
          pilot.agents.set(agent.id, { ...agent, requeued: true });
        }
      }
      pilot.native = reported(pilot, event);
      return;
    case 'agent-connected':
    case 'agent-silent':
      pilot.agents.set(event.agent, evolveAgent(pilot, event));
      return;
    case 'agent-gone': {
      const gone = evolveAgent(pilot, event);
      pilot.agents.delete(event.agent);
      pilot.agents.set(event.agent, gone);
      return;
    }
    case 'pilot-ending':
      pilot.ending = event.ending;
      return;
    case 'pilot-restarted':
      pilot.plan = event.plan;
      pilot.round += 1;
      pilot.native = { phase: 'submitting' };
      pilot.ending = undefined;
      return;
    case 'pilot-moved':
      assert(
        event.state === pilot.state || mayMove(pilot.state, event.state),
        `${pilot.id} may not move from ${pilot.state} to ${event.state}`,
      );
      pilot.state = event.state;
      pilot.detail = event.detail;
      return;
    default:
      unreachable(event);
  }
}

function created({ pilot, plan, at }: Extract<PilotEvent, { type: 'pilot-created' }>): PilotRecord {
  return {
    id: pilot,
    createdAt: at,
    plan,
    round: 1,
    state: 'New',
    detail: 'being submitted',
    native: { phase: 'submitting' },
    ending: undefined,
    agents: new Map(),
  };
}

function reported(
  pilot: PilotRecord,
  { report, said = saidOf(pilot) }: Extract<PilotEvent, { type: 'native-reported' }>,
): NativeJob {
  return { phase: isOver(report) ? 'over' : 'live', report, ...(said !== undefined && { said }) };
}

function accepted(id: string): NativeReport {
  return { id, state: 'Pending', detail: 'accepted' };
}

/** Whether a native job that agents may have been started in is back in the queue. */
export function isRequeued(before: NativeReport, { state }: NativeReport): boolean {
  return state === 'Pending' && (before.state === 'Running' || before.state === 'Suspended');
}

/** Whether agents of a native job cannot end themselves: there are none yet, or they are stopped. */
export function isHalted({ state }: NativeReport): boolean {
  return state === 'Pending' || state === 'Suspended';
}

/** Whether a report says that a native job is over. */
export function isOver({ state }: NativeReport): boolean {
  return state === 'Done' || state === 'Canceled' || state === 'Failed';
}

function evolveAgent(
  pilot: PilotRecord,
  event: Extract<PilotEvent, { readonly agent: string }>,
): AgentRecord {
  const known = pilot.agents.get(event.agent);
  assert(known?.at.link !== 'gone', `${event.agent} is gone`);
  if (event.type === 'agent-connected') {
    const { agent: id, node, endsAt } = event;
    const { round, silences } = known ?? { round: pilot.round, silences: 0 };
    return { id, round, node, endsAt, at: { link: 'connected' }, silences };
  }
  assert(known !== undefined, `${event.agent} is not there`);
  if (event.type === 'agent-silent') {
    return { ...known, at: { link: 'silent', why: event.why }, silences: known.silences + 1 };
  }
  const { how, detail, reason } = event;
  return { ...known, at: { link: 'gone', how, detail, ...(reason !== undefined && { reason }) } };
}
