/** What the explanations of all states share: their terms, and how attempts and places are called. */
import { describeExit, FAILURE_REASONS } from '../model/exit.ts';
import type { ExplanationParts } from '../model/explanation.ts';
import { signalName } from '../model/signals.ts';
import type { AgentPlace } from './places.ts';
import { PAGE_MASK } from './unit-page.ts';
import type { WorkState } from './work-state.ts';

/** A pilot as far as the reasons of work units go. */
export interface PilotSummary {
  readonly id: string;
  readonly state: string;
  /** The resource manager's own words, or why the pilot ended. */
  readonly detail: string;
  /** What was asked for; of use while its agents have not come. */
  readonly cores?: number;
}

/** What explaining needs beside the manager's state. */
export interface ExplainContext {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** All pilots of the services that may run the units, ended ones too, in the order of creation. */
  readonly pilots: readonly PilotSummary[];
  readonly idOf: (unit: number) => string;
  /** What was said last of a unit's progress, by itself or by its agent of files that travel. */
  readonly progressOf?: (unit: number) => string | undefined;
}

/** An explanation without the state that it is about. */
export type Reason = Omit<ExplanationParts, 'state'>;

/** How the newest attempt that is over went: `exited with code 3`. */
export function describeAttempt(state: WorkState, unit: number): string {
  const page = state.units.page(unit);
  const row = unit & PAGE_MASK;
  const exitCode = page.exitCode[row] as number;
  const signal = page.signal[row] as number;
  const problem = state.details.get(unit);
  return describeExit({
    reason: FAILURE_REASONS[page.reason[row] as number] ?? 'NONE',
    ...(exitCode >= 0 && { exitCode }),
    ...(signal > 0 && { signal: signalName(signal) }),
    ...(typeof problem === 'string' && { problem }),
  });
}

/** The place that a unit is bound to, or was last; undefined for one that never was. */
export function placeOf(state: WorkState, unit: number): AgentPlace | undefined {
  return state.places.all[state.units.place(unit)];
}

/** `node7 (pilot-k3x9ab2m)`, for the middle of a sentence. */
export function where(place: AgentPlace | undefined): string {
  return place ? `${place.record.node.host} (${place.pilotId})` : 'no place';
}

/** Of what is at a place that was left behind: whose it is, and the way to it. */
export function leftBehind({
  pilotId,
  record: { serviceId },
}: AgentPlace): Required<Pick<Reason, 'summary' | 'wouldHelp'>> {
  const whose = serviceId === undefined ? 'a service that' : `service ${serviceId}, which`;
  const open =
    serviceId === undefined ? 'open it by its id' : `PilotJobService.open({ id: '${serviceId}' })`;
  const help = `${open}, and add it`;
  const summary = `held by pilot ${pilotId} of ${whose} is not open, or was not added: ${help}`;
  return { summary, wouldHelp: [help] };
}

/** `1 unit`, `2 units`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
