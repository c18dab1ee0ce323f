/**
 * Why a unit is where it is, and what would let it go on: the question that users ask most.
 *
 * It only reads, and is never without an answer. Nothing here is kept: each answer is worked out
 * when somebody asks.
 */
import type { ExplanationParts } from '../model/explanation.ts';
import { formatTimestamp } from '../model/timestamp.ts';
import { WORK_UNIT_STATES } from '../model/work-unit-state.ts';
import { hasInputs } from './attempt-files.ts';
import type { Awaited } from './dependencies.ts';
import {
  counted,
  describeAttempt,
  type ExplainContext,
  leftBehind,
  placeOf,
  type Reason,
  where,
} from './explain-parts.ts';
import { whyPending } from './pending-explain.ts';
import { isFinal, STATE } from './state-numbers.ts';
import { CANCEL_ASKED, PAGE_MASK } from './unit-page.ts';
import type { WorkState } from './work-state.ts';

/** Names at most this many of what a unit waits for. */
const NAMED_MAX = 10;

/**
 * Explains a unit's state.
 *
 * `visible` is the state that users see, where the manager is ahead of the journal.
 */
export function explainUnit(
  state: WorkState,
  unit: number,
  context: ExplainContext,
  visible: number = state.units.state(unit),
): ExplanationParts {
  return { state: WORK_UNIT_STATES[visible] as string, ...why(state, unit, context, visible) };
}

/** The same in one line, at a cost that does not grow with the number of units. */
export function detailOf(
  state: WorkState,
  unit: number,
  context: ExplainContext,
  visible: number = state.units.state(unit),
): string {
  if (visible === STATE.Waiting && state.units.state(unit) === STATE.Waiting) {
    const count = state.dependencies.waitingOn(unit);
    return `waits for ${count} ${count === 1 ? 'dependency' : 'dependencies'}`;
  }
  return why(state, unit, context, visible, true).summary;
}

function why(
  state: WorkState,
  unit: number,
  context: ExplainContext,
  visible: number,
  inShort = false,
): Reason {
  const actual = state.units.state(unit);
  // These two are told by the place, which stays known when the manager is further than the journal.
  if (visible === STATE.Scheduled) return whyScheduled(state, unit, context);
  if (visible === STATE.Running) return whyRunning(state, unit, context);
  if (visible !== actual) {
    const next = actual === STATE.New ? 'accepted' : WORK_UNIT_STATES[actual];
    return { summary: `is being made ${next}`, waitsFor: ['the journal to have it on disk'] };
  }
  if (isFinal(actual)) return howEnded(state, unit, context);
  if (actual === STATE.Waiting) return whyWaiting(state, unit, context);
  if (actual === STATE.Pending) return whyPending(state, unit, context, inShort);
  if (actual === STATE.Unknown) return whyUnknown(state, unit);
  return { summary: 'has just been submitted' };
}

function whyWaiting(state: WorkState, unit: number, { idOf }: ExplainContext): Reason {
  // It is at an agent ahead, which may have started it.
  if (state.isCancelAsked(unit)) return whyUnknown(state, unit);
  const count = state.dependencies.waitingOn(unit);
  const awaited = state.dependencies.awaitedBy(unit, NAMED_MAX);
  const names = awaited.map((one) => nameOf(one, idOf));
  const waitsFor = awaited.map(
    (one) => `${nameOf(one, idOf)} to ${one.onSuccess ? 'succeed' : 'end'}; ${stateOf(one, state)}`,
  );
  if (count > awaited.length) waitsFor.push(`${count - awaited.length} more`);
  return {
    summary: `waits for ${count > 3 ? `${count} dependencies` : names.join(' and ')}`,
    waitsFor,
    details: { waitsFor: names, waitsForCount: count },
  };
}

function nameOf(awaited: Awaited, idOf: (unit: number) => string): string {
  return 'group' in awaited ? `group '${awaited.group.name}'` : idOf(awaited.unit);
}

function stateOf(awaited: Awaited, { units }: WorkState): string {
  if (!('group' in awaited)) return `it is ${WORK_UNIT_STATES[units.state(awaited.unit)]}`;
  const { unfinished, members } = awaited.group;
  return `${counted(unfinished, 'unit')} of ${members} not ended`;
}

function whyScheduled(state: WorkState, unit: number, context: ExplainContext): Reason {
  const slot = 'a free slot at its agent';
  const at = `is with the agent on ${where(placeOf(state, unit))}`;
  if (!hasInputs(state, unit)) {
    return {
      summary: `${at}, and starts when a slot there is free`,
      waitsFor: [slot],
      ...whereabouts(state, unit),
    };
  }
  return {
    summary: `${at}${staging(unit, 'in', context)}, and starts when its inputs and a slot are there`,
    waitsFor: ['its inputs to be there', slot],
    ...whereabouts(state, unit),
  };
}

/** How far its files are, if the agent has said so: it does of large ones. */
function staging(unit: number, way: 'in' | 'out', { progressOf }: ExplainContext): string {
  const said = progressOf?.(unit);
  return said?.startsWith(`staging ${way}: `) === true ? ` (${said})` : '';
}

function whyRunning(state: WorkState, unit: number, context: ExplainContext): Reason {
  const startedAt = state.units.page(unit).startedAt[unit & PAGE_MASK] as number;
  const since = startedAt > 0 ? ` since ${formatTimestamp(startedAt)}` : '';
  return {
    summary: `runs on ${where(placeOf(state, unit))}${since}${staging(unit, 'out', context)}`,
    ...whereabouts(state, unit),
  };
}

function whyUnknown(state: WorkState, unit: number): Reason {
  const place = placeOf(state, unit);
  const flags = state.units.page(unit).flags[unit & PAGE_MASK] as number;
  const said = state.details.get(unit);
  const why = said === undefined ? '' : `: ${said}`;
  const inTouch = place?.status === 'live';
  if (place?.isLeftBehind) {
    const { summary, wouldHelp } = leftBehind(place);
    const isAsked = (flags & CANCEL_ASKED) !== 0;
    return {
      summary: `${isAsked ? `is being canceled${why}; ` : ''}is ${summary}`,
      waitsFor: [`the service of pilot ${place.pilotId} to be open, and added`],
      wouldHelp,
      ...whereabouts(state, unit),
    };
  }
  if ((flags & CANCEL_ASKED) !== 0) {
    return {
      summary: `is being canceled${why}`,
      waitsFor: [
        `the agent on ${where(place)} to ${inTouch ? '' : 'be in touch again and '}say how it ended`,
      ],
      ...whereabouts(state, unit),
    };
  }
  return {
    summary: `its agent on ${where(place)} is out of touch${why}`,
    waitsFor: ['its agent to be in touch again, or its pilot to be over'],
    ...whereabouts(state, unit),
  };
}

function howEnded(state: WorkState, unit: number, { idOf }: ExplainContext): Reason {
  if (state.units.state(unit) !== STATE.Canceled) {
    const lastOutput = state.stderrTails.get(unit);
    return {
      summary: describeAttempt(state, unit),
      ...(lastOutput !== undefined && { lastOutput }),
      ...whereabouts(state, unit),
    };
  }
  const cause = state.details.get(unit);
  if (typeof cause !== 'number')
    return { summary: cause ? `was canceled: ${cause}` : 'was canceled' };
  const how = state.units.state(cause) === STATE.Canceled ? 'was canceled' : 'failed';
  return { summary: `canceled because ${idOf(cause)} ${how}`, details: { cause: idOf(cause) } };
}

/** Where its newest attempt is or was, for programs. */
function whereabouts(state: WorkState, unit: number): Pick<Reason, 'details'> {
  const place = placeOf(state, unit);
  if (place === undefined) return {};
  const attempt = state.units.page(unit).attempt[unit & PAGE_MASK] as number;
  return { details: { pilot: place.pilotId, host: place.record.node.host, attempt } };
}
