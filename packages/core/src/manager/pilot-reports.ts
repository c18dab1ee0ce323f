/** What the pilot machine makes of what resource managers say: of a submission, of states, of an end. */
import { nativeWords } from './pilot-conclusion.ts';
import type { NativeReport, PilotInput } from './pilot-events.ts';
import { remind } from './pilot-orders.ts';
import {
  cutOff,
  hasAgents,
  isContradicted,
  isDeserted,
  isHalted,
  isOver,
  isRequeued,
  isToEnd,
  type PilotRecord,
  presentAgents,
  sameWords,
} from './pilot-record.ts';
import type { PilotTurn } from './pilot-turn.ts';

type Of<T extends PilotInput['type']> = Extract<PilotInput, { readonly type: T }>;

/** Takes in that a pilot's submission was accepted. */
export function accepted(turn: PilotTurn, pilot: PilotRecord, input: Of<'accepted'>): void {
  const { round, nativeId, at } = input;
  if (round !== pilot.round || pilot.native.phase !== 'submitting') return;
  turn.record({ type: 'pilot-accepted', pilot: pilot.id, nativeId });
  // An agent may have been faster than its acceptance, and nothing leads from New to Running.
  if (pilot.state === 'New') turn.move(pilot, 'Pending', nativeWords(pilot), at);
  turn.want({ type: 'watch-native', pilot: pilot.id });
  if (pilot.ending !== undefined) turn.cancelNative(pilot);
  else if (pilot.plan.policy.registersFrom === 'acceptance')
    turn.want(remind.registration(pilot, at));
}

/** Takes in that a pilot's submission was refused; whether nothing of the pilot is left. */
export function refused(turn: PilotTurn, pilot: PilotRecord, input: Of<'refused'>): boolean {
  const { round, problem } = input;
  if (round !== pilot.round || pilot.native.phase !== 'submitting') return false;
  if (round === 1) {
    turn.record({ type: 'pilot-forgotten', pilot: pilot.id, problem });
    return true;
  }
  const report = { id: '', state: 'Failed', detail: problem } as const;
  turn.record({ type: 'native-reported', pilot: pilot.id, report });
  const ending = { why: 'failed', detail: problem } as const;
  if (pilot.ending === undefined) turn.record({ type: 'pilot-ending', pilot: pilot.id, ending });
  return false;
}

/** Takes in what is said of a pilot's native job. */
export function reported(turn: PilotTurn, pilot: PilotRecord, input: Of<'native'>): void {
  const { report, at } = input;
  const { native } = pilot;
  if (native.phase !== 'live' || native.report.id !== report.id) return;
  const before = native.report;
  if (isOver(report) && isContradicted(pilot)) {
    if (native.said === undefined) contradicted(turn, pilot, before, report, at);
    return;
  }
  if (sameWords(before, report)) return;
  if (isRequeued(before, report)) {
    // An agent knows better that is connected, or that has spoken against such a word before; and if it
    // is true, it will be said again.
    if (isContradicted(pilot)) return;
    // It will start again with other agents: of its earlier ones none runs any more.
    const words = `${pilot.plan.type}: ${report.detail}`;
    for (const agent of presentAgents(pilot)) turn.gone(pilot, agent, 'vanished', words);
  }
  turn.record({ type: 'native-reported', pilot: pilot.id, report });
  if (report.state === 'Running' && before.state !== 'Running') {
    if (pilot.plan.policy.registersFrom === 'running') turn.want(remind.registration(pilot, at));
  }
  giveUpCutOff(turn, pilot, at);
  if (pilot.native.phase === 'over') nativeOver(turn, pilot, at);
  else if (isHalted(report) && isToEnd(pilot)) turn.cancelNative(pilot);
}

/**
 * It is said to be over while an agent is there: some say so before the processes' grace is over, and
 * some of what is not so. The agents are ended at once; when none is left, it is asked again.
 */
function contradicted(
  turn: PilotTurn,
  pilot: PilotRecord,
  report: NativeReport,
  said: NativeReport,
  at: number,
): void {
  turn.record({ type: 'native-reported', pilot: pilot.id, report, said });
  turn.endAgents(pilot, at);
}

/** A resource manager's memory is shorter than agents live: while one may be there, it counts. */
export function forgotten(
  turn: PilotTurn,
  pilot: PilotRecord,
  { nativeId, at }: Of<'native-forgotten'>,
): void {
  const { native } = pilot;
  if (native.phase !== 'live' || native.report.id !== nativeId || hasAgents(pilot)) return;
  if (native.report.state !== 'Unknown') return;
  const detail = `forgotten by ${pilot.plan.type}: ${native.report.detail}`;
  const report = native.said ?? ({ id: nativeId, state: 'Failed', detail } as const);
  turn.record({ type: 'native-reported', pilot: pilot.id, report });
  nativeOver(turn, pilot, at);
}

/** With the native job all of its agents are over, whatever they did or did not say. */
function nativeOver(turn: PilotTurn, pilot: PilotRecord, at: number): void {
  const { report } = pilot.native as Extract<PilotRecord['native'], { phase: 'over' }>;
  turn.want({ type: 'unwatch-native', pilot: pilot.id, nativeId: report.id });
  const hasFailed = report.state === 'Failed' && pilot.ending?.why !== 'canceled';
  const how = hasFailed ? 'lost' : 'vanished';
  for (const agent of presentAgents(pilot)) turn.gone(pilot, agent, how, nativeWords(pilot));
  if (pilot.ending?.why !== 'reinitialized') return;
  turn.record({ type: 'pilot-restarted', pilot: pilot.id, plan: pilot.ending.plan });
  turn.conclude(pilot, at);
  turn.want({ type: 'submit', pilot: pilot.id, round: pilot.round });
}

/** A node may be lost that the native job goes on without. */
export function giveUpCutOff(turn: PilotTurn, pilot: PilotRecord, at: number): void {
  const lost = cutOff(pilot);
  const detail = `its node was lost; ${nativeWords(pilot)}`;
  for (const agent of lost) turn.gone(pilot, agent, 'lost', detail);
  if (lost.length > 0 && isDeserted(pilot)) turn.end(pilot, { why: 'failed', detail }, at);
}
