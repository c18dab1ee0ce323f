/**
 * What a pilot's state is, from what is known: agents and resource managers report, this concludes.
 */
import { isFinalPilotJobState, type PilotJobState } from '../model/pilot-job-state.ts';
import type { EndReason } from '../protocol/messages.ts';
import type { NativeReport, PilotEnding, PilotInput } from './pilot-events.ts';
import { type AgentRecord, type PilotRecord, presentAgents, saidOf } from './pilot-record.ts';
import type { AgentEnding } from './work-events.ts';

/** A state with what there is to say about it. */
export interface Conclusion {
  readonly state: PilotJobState;
  readonly detail: string;
}

/** What is known of an agent's end; there is a reason only where the agent itself has given it. */
export function endOf(word: Extract<PilotInput, { type: 'agent-bye' | 'agent-killed' }>): {
  how: AgentEnding;
  detail: string;
  reason?: EndReason;
} {
  if (word.type === 'agent-killed') return { how: 'lost', detail: KILLED };
  const { reason, problem = '' } = word;
  const detail = problem === '' ? END_WORDS[reason] : `${END_WORDS[reason]}: ${problem}`;
  return { how: reason === 'failed' ? 'lost' : 'ended', detail, reason };
}

const KILLED = 'its agent was killed, and its units were ended with it';

const END_WORDS: Readonly<Record<EndReason, string>> = {
  ordered: 'ended as it was told to',
  'time-limit': 'its time limit was reached',
  idle: 'it was idle for its idleTimeout',
  signal: 'told by a signal to end, it handed back what it held',
  lease: 'it was out of touch with its manager for longer than its lease',
  failed: 'its agent has failed',
};

/** Ends that are no failure: the agent handed back what it held. */
const ORDERLY: readonly EndReason[] = ['ordered', 'time-limit', 'idle', 'signal'];

/** The resource manager's words about a native job, with whose they are. */
export function nativeWords(pilot: PilotRecord): string {
  const { native, plan } = pilot;
  if (native.phase === 'submitting') return 'being submitted';
  const { state, detail, hint } = native.report;
  const words = `${plan.type}: ${detail}`;
  return state === 'Pending' && hint !== undefined
    ? `${words}; it will not run as it stands: ${hint}`
    : words;
}

/** What the pilot's state is now. A final one stays. */
export function conclude(pilot: PilotRecord): Conclusion {
  const { state, detail, native, ending } = pilot;
  if (isFinalPilotJobState(state)) return { state, detail };
  if (ending?.why === 'failed') return { state: 'Failed', detail: ending.detail };
  if (native.phase === 'submitting') {
    return { state: pilot.round === 1 ? 'New' : 'Pending', detail: nativeWords(pilot) };
  }
  if (native.phase === 'over') return concludeEnd(pilot, native.report);
  const present = concludePresent(pilot, native.report);
  if (ending !== undefined) {
    return { ...present, detail: `${ENDING[ending.why]}; ${present.detail}` };
  }
  const said = saidOf(pilot);
  if (said === undefined) return present;
  return { ...present, detail: `${saidWords(pilot, said)}; ${present.detail}` };
}

function saidWords({ plan }: PilotRecord, { state, detail }: NativeReport): string {
  return `its agents are told to end, as ${plan.type} calls its native job ${state} (${detail}) while they are there`;
}

const ENDING = { canceled: 'being canceled', reinitialized: 'being reinitialized' } as const;

function concludePresent(pilot: PilotRecord, report: NativeReport): Conclusion {
  const words = nativeWords(pilot);
  const agents = presentAgents(pilot);
  if (report.state === 'Suspended') return { state: 'Suspended', detail: words };
  if (agents.some(({ at }) => at.link === 'connected')) return { state: 'Running', detail: words };
  for (const { at } of agents) {
    if (at.link !== 'silent') continue;
    return { state: 'Unknown', detail: `out of touch with its agent: ${at.why}; ${words}` };
  }
  const last = agents.at(-1)?.at;
  if (last?.link === 'gone') {
    return { state: pilot.state, detail: `${last.detail}; ${words}` };
  }
  if (report.state === 'Unknown') return { state: 'Unknown', detail: words };
  if (report.state === 'Running') return { state: 'Pending', detail: `${words}; no agent yet` };
  return { state: 'Pending', detail: words };
}

function concludeEnd(pilot: PilotRecord, report: NativeReport): Conclusion {
  if (pilot.ending?.why === 'canceled') return { state: 'Canceled', detail: pilot.ending.detail };
  const words = nativeWords(pilot);
  if (report.state === 'Canceled') return { state: 'Canceled', detail: words };
  const agents = presentAgents(pilot);
  if (agents.length === 0) {
    return { state: 'Failed', detail: `it ended before its agent had registered; ${words}` };
  }
  // Whoever left last has had the last word: a pilot outlives the nodes that it loses on the way.
  const last = agents.at(-1) as AgentRecord;
  if (last.at.link !== 'gone' || endReason(last) === undefined) {
    return { state: report.state === 'Done' ? 'Done' : 'Failed', detail: words };
  }
  // Told so because of what the resource manager had said, which may well be a failure.
  if (saidOf(pilot) !== undefined && endReason(last) === 'ordered') {
    return { state: report.state === 'Done' ? 'Done' : 'Failed', detail: words };
  }
  const lost = agents.filter((agent) => !isOrderly(agent)).length;
  if (!isOrderly(last)) return { state: 'Failed', detail: last.at.detail };
  const detail =
    lost === 0 ? last.at.detail : `${last.at.detail}; ${lost} of ${agents.length} agents were lost`;
  // Whose signal it was, the agent cannot know: the resource manager may, as after a preemption.
  const isOthers = endReason(last) === 'signal' && report.state === 'Failed';
  return { state: 'Done', detail: isOthers ? `${detail}; ${words}` : detail };
}

function endReason({ at }: AgentRecord): EndReason | undefined {
  return at.link === 'gone' ? at.reason : undefined;
}

function isOrderly(agent: AgentRecord): boolean {
  const reason = endReason(agent);
  return reason !== undefined && ORDERLY.includes(reason);
}

/** Why an agent that calls is turned away; undefined when it is welcome. */
export function whyRefused(pilot: PilotRecord, agent: string): string | undefined {
  const known = pilot.agents.get(agent);
  if (known?.at.link === 'gone') return `given up: ${known.at.detail}`;
  if (isFinalPilotJobState(pilot.state)) return `its pilot is ${pilot.state}: ${pilot.detail}`;
  // Before the acceptance is known an agent may well be there: some start before they are accepted.
  return pilot.native.phase === 'over' ? 'its native job is over' : undefined;
}

/** A cancellation takes back a reinitialization under way, and nothing else does. */
export function overrides(later: PilotEnding, earlier: PilotEnding): boolean {
  return later.why === 'canceled' && earlier.why === 'reinitialized';
}
